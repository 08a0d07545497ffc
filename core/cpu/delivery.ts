import { GuestFault, hasErrorCode, Vector } from './guest-fault.js';
import { State } from './layout.js';
import type { LinearMemory } from './linear-memory.js';
import { isCanonical } from './linear-memory.js';
import { Flag, readFlags, writeFlags } from './rflags.js';
import type { Descriptor, Segments } from './segments.js';
import { Attribute, UNUSABLE } from './segments.js';
import type { CpuState } from './state.js';

export type EventKind = 'fault' | 'interrupt' | 'software';

/** Raised when a fault cannot be delivered and neither can the double fault. */
export class TripleFault extends Error {}

const INTERRUPT_GATE = 0xe;
const TRAP_GATE = 0xf;
const CONTRIBUTORY = new Set<number>([Vector.DE, Vector.TS, Vector.NP, Vector.SS, Vector.GP]);
const IN_IDT = 2;
const EXTERNAL = 1;

interface Gate {
  readonly offset: bigint;
  readonly selector: number;
  readonly ist: number;
  readonly type: number;
}

/** Interrupts and exceptions through the 64-bit IDT (manual volume 3, 6.14), and the way back. */
export class Delivery {
  constructor(
    private readonly state: CpuState,
    private readonly memory: LinearMemory,
    private readonly segments: Segments,
  ) {}

  /** Delivers a fault; one that occurs on the way turns into #DF, and a third ends everything. */
  fault(vector: number, code: number, address: bigint): void {
    if (vector === Vector.PF) this.state.set64(State.cr2, address);
    try {
      this.deliver(vector, hasErrorCode(vector) ? code : undefined, 'fault');
    } catch (second) {
      if (!(second instanceof GuestFault)) throw second;
      this.#second(vector, second);
    }
  }

  /** Interrupt or `int n`: rip in state is where it returns to. Throws GuestFault. */
  deliver(vector: number, code: number | undefined, kind: EventKind): void {
    const gate = this.#gate(vector, kind);
    const target = this.#target(gate, kind);
    const { cpl } = this.state;
    const newCpl = target.attributes & Attribute.conforming ? cpl : target.dpl;
    const stack = this.#stack(gate, newCpl, cpl);
    this.#push(stack & ~15n, code);
    this.#enter(gate, target, newCpl, cpl);
  }

  #second(first: number, second: GuestFault): void {
    if (first === Vector.DF) throw new TripleFault();
    const doubles = this.#doubles(first, second.vector);
    const vector = doubles ? Vector.DF : second.vector;
    this.fault(vector, doubles ? 0 : second.code, second.address);
  }

  #doubles(first: number, second: number): boolean {
    if (CONTRIBUTORY.has(first)) return CONTRIBUTORY.has(second);
    return first === Vector.PF && (second === Vector.PF || CONTRIBUTORY.has(second));
  }

  #gate(vector: number, kind: EventKind): Gate {
    const selectorCode = vector * 8 + IN_IDT + (kind === 'software' ? 0 : EXTERNAL);
    if (vector * 16 + 15 > this.state.get32(State.idtrLimit)) throw new GuestFault(Vector.GP, selectorCode);
    const at = this.state.get64(State.idtrBase) + BigInt(vector * 16);
    const low = this.memory.read64(at, true);
    const high = this.memory.read64(at + 8n, true);
    const bits = Number((low >> 32n) & 0xffffn);
    const type = (bits >> 8) & 0x1f;
    if (type !== INTERRUPT_GATE && type !== TRAP_GATE) throw new GuestFault(Vector.GP, selectorCode);
    const dpl = (bits >> 13) & 3;
    if (kind === 'software' && dpl < this.state.cpl) throw new GuestFault(Vector.GP, selectorCode);
    if ((bits & 0x8000) === 0) throw new GuestFault(Vector.NP, selectorCode);
    const offset = (low & 0xffffn) | ((low >> 32n) & 0xffff_0000n) | ((high & 0xffff_ffffn) << 32n);
    return { offset, selector: Number((low >> 16n) & 0xffffn), ist: bits & 7, type };
  }

  #target(gate: Gate, kind: EventKind): Descriptor {
    const external = kind === 'software' ? 0 : EXTERNAL;
    const code = (gate.selector & 0xfffc) | external;
    if ((gate.selector & 0xfffc) === 0) throw new GuestFault(Vector.GP, external);
    const target = this.segments.descriptor(gate.selector);
    const isCode =
      (target.attributes & (Attribute.notSystem | Attribute.code)) === (Attribute.notSystem | Attribute.code);
    const isLong = (target.attributes & (Attribute.long | Attribute.default32)) === Attribute.long;
    if (!isCode || !isLong || target.dpl > this.state.cpl) throw new GuestFault(Vector.GP, code);
    if ((target.attributes & Attribute.present) === 0) throw new GuestFault(Vector.NP, code);
    if (!isCanonical(gate.offset)) throw new GuestFault(Vector.GP, external);
    return target;
  }

  #stack({ ist }: Gate, newCpl: number, cpl: number): bigint {
    if (ist === 0 && newCpl === cpl) return this.state.get64(State.gpr + 4 * 8);
    const { base, limit, selector } = this.state.segment('tr');
    const offset = ist === 0 ? 4 + newCpl * 8 : 0x24 + (ist - 1) * 8;
    if (offset + 7 > limit) throw new GuestFault(Vector.TS, selector & 0xfffc);
    const stack = this.memory.read64(base + BigInt(offset), true);
    if (!isCanonical(stack)) throw new GuestFault(Vector.SS);
    return stack;
  }

  /** The frame, lowest word first: [error code] rip cs rflags rsp ss. */
  #push(stack: bigint, code: number | undefined): void {
    const { state } = this;
    const words = [
      ...(code === undefined ? [] : [BigInt(code)]),
      state.get64(State.rip),
      BigInt(state.segment('cs').selector),
      BigInt(readFlags(state)),
      state.get64(State.gpr + 4 * 8),
      BigInt(state.segment('ss').selector),
    ];
    const bytes = new DataView(new ArrayBuffer(words.length * 8));
    words.forEach((word, i) => bytes.setBigUint64(i * 8, word, true));
    const top = stack - BigInt(words.length * 8);
    this.memory.write(top, new Uint8Array(bytes.buffer), true);
    state.set64(State.gpr + 4 * 8, BigInt.asUintN(64, top));
  }

  #enter(gate: Gate, target: Descriptor, newCpl: number, cpl: number): void {
    const { state } = this;
    if (newCpl !== cpl)
      state.setSegment('ss', { selector: newCpl, base: 0n, limit: 0, attributes: UNUSABLE });
    state.setSegment('cs', { ...target, selector: (gate.selector & 0xfffc) | newCpl });
    state.cpl = newCpl;
    let cleared = Flag.TF | Flag.NT | Flag.RF | Flag.VM;
    if (gate.type === INTERRUPT_GATE) cleared |= Flag.IF;
    writeFlags(state, readFlags(state) & ~cleared);
    state.set64(State.rip, gate.offset);
  }
}
