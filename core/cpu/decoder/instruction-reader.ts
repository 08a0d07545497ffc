import {
  Immediate,
  INDEX_ENTRY_BYTES,
  NO_ROW,
  IndexFlag,
  ROW_BYTES,
  RowFlag,
  SizeClass,
  Sizes,
} from '../../isa/decode-tables.js';
import type { DecodeTables } from '../../isa/decode-tables.js';
import { DECODE_TABLES, Slot } from '../layout.js';
import type { Body, Label, Local } from '../wasm/body.js';
import type { Expr } from '../wasm/expr.js';
import { i32, select } from '../wasm/expr.js';
import type { DecoderLocals } from './decoder-locals.js';

const { add, and, eq, eqz, geU, load8u, load16u, ltU, ne, or, shl, shrU, sub } = i32;
const num = i32.const;
const PREFIX_LOCK = 0xf0;
const REX_BITS = { w: 8, r: 4, x: 2, b: 1 } as const;
const VEX_LONG = 0xc4;
const MAPS_WITH_VEX = 4;

/** Emits code that takes an instruction apart. It jumps to `short` when bytes run out, to `undefinedOpcode` when no row fits. */
export class InstructionReader {
  readonly #body: Body;
  readonly #short: Label;
  readonly #undefined: Label;

  constructor(
    private readonly known: DecoderLocals,
    private readonly tables: DecodeTables,
    labels: { readonly short: Label; readonly undefinedOpcode: Label },
  ) {
    this.#body = known.body;
    this.#short = labels.short;
    this.#undefined = labels.undefinedOpcode;
  }

  emit(): void {
    this.#prefixes();
    this.#opcodeAndMap();
    this.#choose();
    this.#sizes();
    this.#operands();
    this.#immediates();
    const misplaced = or(eqz(this.known.flag(RowFlag.lockable)), eqz(this.#body.get(this.known.isMemory)));
    const isWrong = or(this.#body.get(this.known.fitsNone), and(this.#body.get(this.known.lock), misplaced));
    this.#body.brIf(this.#undefined, isWrong);
  }

  #need(bytes: number): void {
    const end = add(this.#body.get(this.known.at), num(bytes));
    this.#body.brIf(this.#short, i32.gtU(end, this.#body.get(this.known.limit)));
  }

  /** Reads into a local and goes on behind it. */
  #read(into: Local, bytes: number, load: (address: Expr) => Expr): void {
    const body = this.#body;
    this.#need(bytes);
    body.set(into, load(body.get(this.known.at)));
    body.set(this.known.at, add(body.get(this.known.at), num(bytes)));
  }

  #readByte(into: Local): void {
    this.#read(into, 1, load8u);
  }

  #prefixes(): void {
    const body = this.#body;
    const byte = this.known.opcode;
    const is = (value: number) => eq(body.get(byte), num(value));
    const effects: [Expr, () => void][] = [
      [is(0x66), () => body.set(this.known.size16, num(1))],
      [is(0x67), () => body.set(this.known.address32, num(1))],
      [is(PREFIX_LOCK), () => body.set(this.known.lock, num(1))],
      [eq(or(body.get(byte), num(1)), num(0xf3)), () => body.set(this.known.repeat, body.get(byte))],
      [eq(or(body.get(byte), num(1)), num(0x65)), () => body.set(this.known.segment, body.get(byte))],
      // es, cs, ss and ds are accepted and mean nothing.
      [eq(and(body.get(byte), num(0xe7)), num(0x26)), () => undefined],
    ];
    body.loop((again) => {
      this.#readByte(byte);
      body.if(eq(and(body.get(byte), num(0xf0)), num(0x40)), () => {
        body.set(this.known.rex, body.get(byte));
        body.br(again);
      });
      for (const [condition, effect] of effects) {
        body.if(condition, () => {
          effect();
          body.set(this.known.rex, num(0));
          body.br(again);
        });
      }
    });
  }

  #opcodeAndMap(): void {
    const body = this.#body;
    body.if(
      eq(and(body.get(this.known.opcode), num(0xfe)), num(VEX_LONG)),
      () => this.#vex(),
      () => this.#legacy(),
    );
  }

  #legacy(): void {
    const body = this.#body;
    body.if(eq(body.get(this.known.opcode), num(0x0f)), () => {
      body.set(this.known.map, num(1));
      this.#readByte(this.known.opcode);
      [0x38, 0x3a].forEach((escape, i) => {
        body.if(
          and(eq(body.get(this.known.map), num(1)), eq(body.get(this.known.opcode), num(escape))),
          () => {
            body.set(this.known.map, num(2 + i));
            this.#readByte(this.known.opcode);
          },
        );
      });
    });
    const repeat = body.get(this.known.repeat);
    const withRepeat = sub(num(0xf5), repeat);
    body.set(this.known.prefix, select(repeat, withRepeat, body.get(this.known.size16)));
  }

  /** Other prefixes than those of segment and address size may not come before it, but too many bytes are noticed before. */
  #vex(): void {
    const body = this.#body;
    const [extension, last, selector] = [body.temporary('i32'), body.temporary('i32'), body.temporary('i32')];
    const others = [this.known.lock, this.known.size16, this.known.repeat, this.known.rex].map((local) =>
      body.get(local),
    );
    body.set(
      this.known.fitsNone,
      others.reduce((sum, each) => or(sum, each)),
    );
    body.set(this.known.rex, num(0));
    this.#readByte(extension);
    body.if(
      eq(body.get(this.known.opcode), num(VEX_LONG)),
      () => {
        this.#readByte(last);
        body.set(selector, sub(and(body.get(extension), num(0x1f)), num(1)));
        body.brIf(this.#undefined, geU(body.get(selector), num(3)));
        body.set(this.known.rex, shl(shrU(body.get(last), num(7)), num(3)));
      },
      () => {
        body.set(last, body.get(extension));
        body.set(selector, num(0));
        body.set(extension, or(and(body.get(extension), num(0x80)), num(0x60)));
      },
    );
    body.set(this.known.map, add(body.get(selector), num(MAPS_WITH_VEX)));
    const inverted = shrU(i32.xor(body.get(extension), num(0xff)), num(5));
    body.set(this.known.rex, or(body.get(this.known.rex), inverted));
    body.set(this.known.vvvv, and(shrU(i32.xor(body.get(last), num(0xff)), num(3)), num(15)));
    body.set(this.known.vexL, and(shrU(body.get(last), num(2)), num(1)));
    body.set(this.known.prefix, and(body.get(last), num(3)));
    this.#readByte(this.known.opcode);
  }

  /** The first candidate that fits is the best. */
  #choose(): void {
    const body = this.#body;
    const [candidate, behind] = [body.temporary('i32'), body.temporary('i32')];
    const list = add(shl(body.get(this.known.map), num(1)), this.known.rexBit(REX_BITS.b));
    const at = add(shl(list, num(8)), body.get(this.known.opcode));
    const entry = body.let(i32.mul(at, num(INDEX_ENTRY_BYTES)));
    const flags = body.let(load8u(entry, DECODE_TABLES + 3));
    body.set(candidate, shl(load16u(entry, DECODE_TABLES), num(1)));
    body.set(behind, add(body.get(candidate), shl(load8u(entry, DECODE_TABLES + 2), num(1))));
    body.if(and(flags, num(IndexFlag.needsModrm)), () => {
      this.#need(1);
      body.set(this.known.modrm, load8u(body.get(this.known.at)));
      const ignored = and(flags, num(IndexFlag.modIsIgnored));
      body.set(this.known.modrm, or(body.get(this.known.modrm), select(ignored, num(0xc0), num(0))));
    });
    const selector = body.let(or(this.known.rexBit(REX_BITS.w), shl(body.get(this.known.vexL), num(1))));
    body.block((found) => {
      body.loop((again) => {
        body.if(eq(body.get(candidate), body.get(behind)), () => {
          this.#unfit(load16u(entry, DECODE_TABLES + 4));
          body.br(found);
        });
        const number = load16u(body.get(candidate), DECODE_TABLES + this.tables.candidates);
        body.set(this.known.row, i32.mul(number, num(ROW_BYTES)));
        body.set(candidate, add(body.get(candidate), num(2)));
        body.brIf(again, this.#isUnfit(selector));
      });
    });
    body.set(this.known.flags, this.known.wideField('flags'));
    const unused = and(ne(body.get(this.known.vvvv), num(0)), eqz(this.known.flag(RowFlag.usesVvvv)));
    body.brIf(this.#undefined, unused);
  }

  /** Too many bytes are noticed before that the prefixes do not fit. */
  #unfit(likely: Expr): void {
    const body = this.#body;
    const isVex = geU(body.get(this.known.map), num(MAPS_WITH_VEX));
    body.brIf(this.#undefined, or(isVex, eq(likely, num(NO_ROW))));
    body.set(this.known.row, i32.mul(likely, num(ROW_BYTES)));
    body.set(this.known.fitsNone, num(1));
  }

  #isUnfit(selector: Expr): Expr {
    const body = this.#body;
    const modrm = body.get(this.known.modrm);
    const flags = this.known.wideField('flags');
    const wrongPrefix = eqz(and(shrU(this.known.field('prefixes'), body.get(this.known.prefix)), num(1)));
    const wrongSelector = ne(and(selector, this.known.field('selectMask')), this.known.field('selectValue'));
    const wrongModrm = ne(and(modrm, this.known.field('modrmMask')), this.known.field('modrmValue'));
    const noMemory = and(ne(and(flags, num(RowFlag.memoryOnly)), num(0)), geU(modrm, num(0xc0)));
    return or(or(wrongPrefix, wrongSelector), or(wrongModrm, noMemory));
  }

  #sizes(): void {
    const body = this.#body;
    const sizes = body.let(this.known.field('sizes'));
    const wide = body.let(this.known.rexBit(REX_BITS.w));
    const narrow = body.let(and(body.get(this.known.size16), eqz(this.known.flag(RowFlag.demands66))));
    const kind = body.let(and(sizes, num(15)));
    body.set(this.known.sizeClass, shrU(sizes, num(4)));
    const setSize = (sizeIndex: Expr, sizeClass: Expr) => {
      body.set(this.known.sizeIndex, sizeIndex);
      body.set(this.known.sizeClass, sizeClass);
    };
    const quad = num(SizeClass.quad);
    const word = num(SizeClass.word);
    body.if(eq(kind, num(Sizes.v)), () =>
      setSize(
        select(wide, num(2), eqz(narrow)),
        select(wide, quad, select(narrow, word, num(SizeClass.other))),
      ),
    );
    const isNarrow = and(narrow, eqz(wide));
    body.if(eq(kind, num(Sizes.d64)), () =>
      setSize(select(isNarrow, num(0), num(2)), select(isNarrow, word, quad)),
    );
    body.if(eq(kind, num(Sizes.n64)), () => setSize(num(2), quad));
    body.if(eq(kind, num(Sizes.y)), () => setSize(wide, select(wide, quad, num(SizeClass.other))));
    body.if(eq(kind, num(Sizes.length)), () => setSize(body.get(this.known.vexL), num(SizeClass.other)));
  }

  #operands(): void {
    const body = this.#body;
    const rexB = shl(this.known.rexBit(REX_BITS.b), num(3));
    const withB = (number: Expr) => or(number, rexB);
    body.if(
      this.known.flag(RowFlag.hasModrm),
      () => {
        const modrm = body.get(this.known.modrm);
        body.set(this.known.at, add(body.get(this.known.at), num(1)));
        const r = shl(this.known.rexBit(REX_BITS.r), num(3));
        body.set(this.known.reg, or(and(shrU(modrm, num(3)), num(7)), r));
        body.set(this.known.rm, and(modrm, num(7)));
        body.if(
          ltU(modrm, num(0xc0)),
          () => this.#memory(withB),
          () => body.set(this.known.rm, withB(body.get(this.known.rm))),
        );
      },
      () => body.set(this.known.rm, withB(and(body.get(this.known.opcode), num(7)))),
    );
  }

  /** Leaves the slot of the base in `rm`, that of the index in `index`. */
  #memory(withB: (number: Expr) => Expr): void {
    const body = this.#body;
    const mod = body.let(shrU(body.get(this.known.modrm), num(6)));
    const hasNoBase = () => and(eq(body.get(this.known.rm), num(5)), eqz(mod));
    body.set(this.known.isMemory, num(1));
    body.set(this.known.index, num(Slot.zero));
    const noBase = body.temporary('i32');
    body.if(
      eq(body.get(this.known.rm), num(4)),
      () => {
        this.#sib();
        body.set(noBase, hasNoBase());
        const slot = shl(withB(body.get(this.known.rm)), num(3));
        body.set(this.known.rm, select(body.get(noBase), num(Slot.zero), slot));
      },
      () => {
        body.set(noBase, hasNoBase());
        body.set(this.known.ripRelative, body.get(noBase));
        const slot = shl(withB(body.get(this.known.rm)), num(3));
        body.set(this.known.rm, select(body.get(noBase), num(Slot.pageBase), slot));
      },
    );
    body.if(or(body.get(noBase), eq(mod, num(2))), () => this.#read(this.known.displacement, 4, i32.load));
    body.if(eq(mod, num(1)), () => this.#read(this.known.displacement, 1, i32.load8s));
  }

  #sib(): void {
    const body = this.#body;
    this.#readByte(this.known.rm);
    const sib = body.get(this.known.rm);
    const x = shl(this.known.rexBit(REX_BITS.x), num(3));
    const index = body.let(or(and(shrU(sib, num(3)), num(7)), x));
    const general = select(eq(index, num(4)), num(Slot.zero), shl(index, num(3)));
    const isVector = this.known.flag(RowFlag.vectorIndex);
    body.set(this.known.index, select(isVector, shl(index, num(4)), general));
    body.set(this.known.scale, shrU(sib, num(6)));
    body.set(this.known.rm, and(sib, num(7)));
  }

  #immediates(): void {
    const body = this.#body;
    const kind = body.let(this.known.field('immediate'));
    const is = (...kinds: number[]) => kinds.map((each) => eq(kind, num(each))).reduce((a, b) => or(a, b));
    const isWord = eq(body.get(this.known.sizeClass), num(SizeClass.word));
    const isQuad = eq(body.get(this.known.sizeClass), num(SizeClass.quad));
    const into = this.known.immediate;
    body.set(into, num(0));
    body.if(kind, () => {
      body.if(is(Immediate.byte), () => this.#read(into, 1, i32.load8s));
      body.if(is(Immediate.raw), () => this.#readByte(into));
      body.if(is(Immediate.word, Immediate.two), () => this.#read(into, 2, load16u));
      body.if(is(Immediate.long), () => this.#read(into, 4, i32.load));
      body.if(is(Immediate.z, Immediate.v), () =>
        body.if(
          isWord,
          () => this.#read(into, 2, load16u),
          () => this.#read(into, 4, i32.load),
        ),
      );
      body.if(and(is(Immediate.v), isQuad), () => this.#read(this.known.high, 4, i32.load));
      body.if(is(Immediate.address), () => {
        this.#read(into, 4, i32.load);
        body.if(eqz(body.get(this.known.address32)), () => this.#read(this.known.high, 4, i32.load));
      });
      body.if(ltU(kind, num(Immediate.v)), () => this.#cut(isWord));
      body.if(is(Immediate.two), () => {
        const second = body.temporary('i32');
        this.#readByte(second);
        body.set(into, or(body.get(into), shl(body.get(second), num(16))));
      });
    });
  }

  /** An immediate as the operand size sees it. */
  #cut(isWord: Expr): void {
    const body = this.#body;
    const mask = (bits: number) =>
      body.set(this.known.immediate, and(body.get(this.known.immediate), num(2 ** bits - 1)));
    body.if(eq(body.get(this.known.sizeClass), num(SizeClass.byte)), () => mask(8));
    body.if(isWord, () => mask(16));
  }
}
