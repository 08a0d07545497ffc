import { Immediate, Register, RowFlag, SizeClass } from '../../isa/decode-tables.js';
import type { Form } from '../../isa/forms.js';
import { ADDRESS_32, Field, PAGE_BYTES, SEGMENT_SHIFT, SegmentCode, Slot } from '../layout.js';
import type { OpTable } from '../ops.js';
import type { Body, Local } from '../wasm/body.js';
import type { Expr } from '../wasm/expr.js';
import { i32, select } from '../wasm/expr.js';
import { Decoded } from './decoded.js';
import type { DecoderLocals } from './decoder-locals.js';

const { add, and, eq, eqz, load16u, ltU, ne, or, shl, shrU, sub, store, store16, store8 } = i32;
const num = i32.const;

/** Emits code that writes what is known of an instruction as a record. */
export class RecordWriter {
  readonly #body: Body;

  constructor(
    private readonly known: DecoderLocals,
    private readonly ops: OpTable,
    /** Address of the ops by form. */
    private readonly formsAt: number,
  ) {
    this.#body = known.body;
  }

  emit(): void {
    const body = this.#body;
    const length = body.let(sub(body.get(this.known.at), body.get(this.known.start)));
    body.set(this.known.next, add(body.get(this.known.offset), length));
    const ends = select(this.known.flag(RowFlag.endsRun), num(Decoded.endsRun), num(0));
    const isCall = select(this.known.flag(RowFlag.isCall), num(Decoded.isCall), num(0));
    const relative = select(this.known.flag(RowFlag.relative), num(Decoded.relative), num(0));
    body.set(this.known.answer, or(or(length, ends), or(isCall, relative)));
    this.#store16(Field.place, or(body.get(this.known.offset), shl(length, num(12))));
    this.#register(Field.reg, this.known.reg, this.known.field('reg'));
    body.if(
      body.get(this.known.isMemory),
      () => this.#writeMemory(),
      () => this.#writeRegister(),
    );
    this.#writeSegment();
    this.#writeImmediate();
    this.#writeOp();
  }

  #store8(field: number, value: Expr): void {
    this.#body.do(store8(this.#body.get(this.known.record), value, field));
  }

  #store16(field: number, value: Expr): void {
    this.#body.do(store16(this.#body.get(this.known.record), value, field));
  }

  #store32(field: number, value: Expr): void {
    this.#body.do(store(this.#body.get(this.known.record), value, field));
  }

  #register(field: number, number: Local, kind: Expr): void {
    const body = this.#body;
    const value = body.get(number);
    const known = body.let(kind);
    const is = (register: number) => eq(known, num(register));
    const high = and(eqz(body.get(this.known.rex)), eq(and(value, num(0x1c)), num(4)));
    const byte = select(high, add(shl(sub(value, num(4)), num(3)), num(1)), shl(value, num(3)));
    body.if(is(Register.general), () => body.set(number, shl(value, num(3))));
    body.if(is(Register.byte), () => body.set(number, byte));
    body.if(is(Register.vector), () => body.set(number, shl(value, num(4))));
    body.if(is(Register.mmx), () => body.set(number, shl(and(value, num(7)), num(4))));
    this.#store8(field, value);
  }

  #writeMemory(): void {
    const body = this.#body;
    const displacement = body.get(this.known.displacement);
    body.set(this.known.variant, this.known.field('memoryVariant'));
    body.if(body.get(this.known.ripRelative), () => {
      const folded = body.let(add(displacement, body.get(this.known.next)));
      const overflows = and(i32.geS(displacement, num(0)), i32.ltS(folded, num(0)));
      body.if(overflows, () => body.set(this.known.index, num(Slot.big)));
      body.set(this.known.displacement, i32.xor(folded, shl(overflows, num(31))));
    });
    this.#store8(Field.rm, body.get(this.known.rm));
    this.#store8(Field.index, body.get(this.known.index));
  }

  #writeRegister(): void {
    const body = this.#body;
    this.#register(Field.rm, this.known.rm, this.known.field('rm'));
    body.if(this.known.flag(RowFlag.relative), () => {
      body.set(this.known.displacement, body.get(this.known.next));
      const target = add(body.get(this.known.next), body.get(this.known.immediate));
      const near = and(ltU(target, num(PAGE_BYTES)), eqz(body.get(this.known.mode)));
      body.set(this.known.variant, eqz(near));
      body.set(this.known.answer, or(body.get(this.known.answer), select(near, num(Decoded.near), num(0))));
    });
    const kind = body.let(this.known.field('immediate'));
    const isQuad = eq(body.get(this.known.sizeClass), num(SizeClass.quad));
    const isWide = or(eq(kind, num(Immediate.address)), and(eq(kind, num(Immediate.v)), isQuad));
    body.if(isWide, () => {
      body.set(this.known.displacement, body.get(this.known.immediate));
      body.set(this.known.immediate, body.get(this.known.high));
    });
  }

  #writeSegment(): void {
    const body = this.#body;
    const segment = body.get(this.known.segment);
    const code = select(eq(segment, num(0x64)), num(SegmentCode.fs), num(SegmentCode.gs));
    const none = or(eqz(segment), this.known.flag(RowFlag.addressOnly));
    body.set(this.known.segment, select(none, num(SegmentCode.none), shl(code, num(SEGMENT_SHIFT))));
    const address = select(body.get(this.known.address32), num(ADDRESS_32), num(0));
    this.#store8(Field.scaleSegment, or(or(segment, body.get(this.known.scale)), address));
  }

  /** With VEX an immediate of 8 bits, then the registers that VEX.vvvv and the immediate name. */
  #writeImmediate(): void {
    const body = this.#body;
    const immediate = body.get(this.known.immediate);
    body.if(this.known.flag(RowFlag.isVex), () => {
      const vvvv = shl(body.get(this.known.vvvv), add(this.known.field('vvvvShift'), num(8)));
      const named = shl(shrU(immediate, num(4)), num(20));
      body.set(this.known.immediate, or(immediate, or(vvvv, named)));
    });
    this.#store32(Field.immediate, immediate);
    this.#store32(Field.displacement, body.get(this.known.displacement));
  }

  #writeOp(): void {
    const body = this.#body;
    const { indexedBase, segmentedBase, rareBase } = this.ops;
    const firstForm = this.known.wideField('firstForm');
    const sized = i32.mul(body.get(this.known.sizeIndex), this.known.field('variants'));
    const form = body.let(add(firstForm, add(sized, body.get(this.known.variant))));
    const entry = body.let(shl(form, num(2)));
    const hot = body.let(select(body.get(this.known.address32), num(0), load16u(entry, this.formsAt)));
    const memory = load16u(entry, this.formsAt + 2);
    const isSegmented = and(ne(body.get(this.known.segment), num(0)), body.get(this.known.isMemory));
    const isIndexed = and(ne(body.get(this.known.index), num(Slot.zero)), body.get(this.known.isMemory));
    const indexed = select(isIndexed, add(num(indexedBase), memory), hot);
    const op = select(isSegmented, add(num(segmentedBase), memory), indexed);
    this.#store16(Field.op, select(hot, op, add(num(rareBase), form)));
  }

  /** A record that raises `vector`. */
  emitInvalid(invalid: Form): void {
    const body = this.#body;
    const { hotOp, rareBase } = this.ops;
    this.#store16(Field.op, num(hotOp[invalid.id]! || rareBase + invalid.id));
    this.#store16(Field.place, or(body.get(this.known.offset), num(1 << 12)));
    this.#store16(Field.reg, num(0));
    this.#store8(Field.scaleSegment, num(SegmentCode.none));
    this.#store32(Field.displacement, num(0));
    this.#store32(Field.immediate, body.get(this.known.vector));
    body.set(this.known.answer, num(1 | Decoded.endsRun));
  }
}
