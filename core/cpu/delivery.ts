import { GuestFault, hasErrorCode, Vector } from './guest-fault.js';
import { State } from './layout.js';
import { LegacyDelivery } from './legacy-delivery.js';
import type { LinearMemory } from './linear-memory.js';
import { isCanonicalHigh } from './linear-memory.js';
import { Flag, readFlags, writeFlags } from './rflags.js';
import type { Descriptor, Segments } from './segments.js';
import { Attribute, UNUSABLE } from './segments.js';
import type { CpuState } from './state.js';
import { segmentAt } from './state.js';

/** A `trap` comes behind the instruction, a `fault` before it, `software` is an instruction that asks for it. */
export type EventKind = 'fault' | 'trap' | 'interrupt' | 'software';

/** Raised when a fault cannot be delivered and neither can the double fault. */
export class TripleFault extends Error {}

const INTERRUPT_GATE = 0xe;
const TRAP_GATE = 0xf;
const CONTRIBUTORY = new Set<number>([Vector.DE, Vector.TS, Vector.NP, Vector.SS, Vector.GP]);
const IN_IDT = 2;
const EXTERNAL = 1;

const RSP = State.gpr + 4 * 8;

interface Gate {
  readonly offsetLow: number;
  readonly offsetHigh: number;
  readonly selector: number;
  readonly ist: number;
  readonly type: number;
}

/** Interrupts and exceptions through the 64-bit IDT (manual volume 3, 6.14) or that of protected mode. */
export class Delivery {
  readonly #legacy: LegacyDelivery;

  constructor(
    private readonly state: CpuState,
    private readonly memory: LinearMemory,
    private readonly segments: Segments,
  ) {
    this.#legacy = new LegacyDelivery(state, memory, segments);
  }

  /** Delivers a fault; one that occurs on the way turns into #DF, and a third ends everything. */
  fault(vector: number, code: number, address: bigint, kind: EventKind = 'fault'): void {
    if (vector === Vector.PF) this.state.set64(State.cr2, address);
    try {
      this.deliver(vector, hasErrorCode(vector) ? code : undefined, vector === Vector.DF ? 'trap' : kind);
    } catch (second) {
      if (!(second instanceof GuestFault)) throw second;
      this.#second(vector, second);
    }
  }

  /** Interrupt or `int n`: rip in state is where it returns to. Throws GuestFault. */
  deliver(vector: number, code: number | undefined, kind: EventKind): void {
    if (!this.state.longActive) return this.#legacy.deliver(vector, code, kind);
    if (!this.state.isLong) this.#widen();
    const gate = this.#gate(vector, kind);
    const external = kind === 'software' ? 0 : EXTERNAL;
    const target = this.segments.gateTarget(gate.selector, external);
    if (!isCanonicalHigh(gate.offsetHigh)) throw new GuestFault(Vector.GP, external);
    const { cpl } = this.state;
    const newCpl = target.attributes & Attribute.conforming ? cpl : target.dpl;
    // An instruction that is started again must not meet its own breakpoint (manual volume 3, 17.3.1.1).
    const flags = readFlags(this.state) | (kind === 'fault' ? Flag.RF : 0);
    this.#push(this.#stack(gate, newCpl, external), code, { flags, supervisor: newCpl !== 3 });
    this.#enter(gate, target, newCpl, cpl);
  }

  /** From compatibility mode: what 64-bit mode sees of the stack pointer. */
  #widen(): void {
    const { state } = this;
    state.set64(RSP, state.get64(RSP) & 0xffff_ffffn);
  }

  #second(first: number, second: GuestFault): void {
    if (first === Vector.DF) throw new TripleFault();
    if (second.vector === Vector.PF) this.state.set64(State.cr2, second.address);
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
    const words = this.memory.load(State.idtrBase, vector * 16, 3, true);
    const low = words[0]!;
    const bits = words[1]!;
    const offsetHigh = words[2]!;
    const type = (bits >> 8) & 0x1f;
    if (type !== INTERRUPT_GATE && type !== TRAP_GATE) throw new GuestFault(Vector.GP, selectorCode);
    const dpl = (bits >> 13) & 3;
    if (kind === 'software' && dpl < this.state.cpl) throw new GuestFault(Vector.GP, selectorCode);
    if ((bits & 0x8000) === 0) throw new GuestFault(Vector.NP, selectorCode);
    const offsetLow = (low & 0xffff) | (bits & 0xffff_0000);
    return { offsetLow, offsetHigh, selector: low >>> 16, ist: bits & 7, type };
  }

  /** Where in the state the top of the stack to push on lies. */
  #stack({ ist }: Gate, newCpl: number, external: number): number {
    const { u32, cpl } = this.state;
    const isCurrent = ist === 0 && newCpl === cpl;
    if (!isCurrent) this.#loadNewStack(ist, newCpl, external);
    const stack = isCurrent ? RSP : State.newStack;
    if (!isCanonicalHigh(u32[(stack >> 2) + 1]!)) throw new GuestFault(Vector.SS, external);
    return stack;
  }

  /** From the task's state, by number in its table of stacks or by privilege. */
  #loadNewStack(ist: number, newCpl: number, external: number): void {
    const offset = ist === 0 ? 4 + newCpl * 8 : 0x24 + (ist - 1) * 8;
    const task = segmentAt('tr');
    if (offset + 7 > this.state.get32(task + 16))
      throw new GuestFault(Vector.TS, (this.state.selector('tr') & 0xfffc) | external);
    const words = this.memory.load(task, offset, 2, true);
    this.state.set32(State.newStack, words[0]!);
    this.state.set32(State.newStack + 4, words[1]!);
  }

  /** The frame, lowest word first: [error code] rip cs rflags rsp ss. The stack is aligned to 16 before. */
  #push(
    stack: number,
    code: number | undefined,
    { flags, supervisor }: { readonly flags: number; readonly supervisor: boolean },
  ): void {
    const { state, memory } = this;
    const { u32 } = state;
    const { words } = memory;
    let count = 0;
    const put = (low: number, high: number) => {
      words[count++] = low;
      words[count++] = high;
    };
    if (code !== undefined) put(code, 0);
    if (state.isLong) put(u32[State.rip >> 2]!, u32[(State.rip >> 2) + 1]!);
    else put(Number(state.instructionPointer), 0);
    put(state.selector('cs'), 0);
    put(flags, 0);
    put(u32[RSP >> 2]!, u32[(RSP >> 2) + 1]!);
    put(state.selector('ss'), 0);
    const offset = -(u32[stack >> 2]! & 15) - count * 4;
    memory.storeFrame(stack, offset, count, supervisor);
    const low = u32[stack >> 2]! + offset;
    u32[(RSP >> 2) + 1] = u32[(stack >> 2) + 1]! - (low < 0 ? 1 : 0);
    u32[RSP >> 2] = low;
  }

  #enter(gate: Gate, target: Descriptor, newCpl: number, cpl: number): void {
    const { state } = this;
    if (newCpl !== cpl)
      state.setSegment('ss', { selector: newCpl, base: 0n, limit: 0, attributes: UNUSABLE });
    const { base, limit, attributes } = target;
    state.setSegment('cs', { base, limit, attributes, selector: (gate.selector & 0xfffc) | newCpl });
    state.cpl = newCpl;
    let cleared = Flag.TF | Flag.NT | Flag.RF | Flag.VM;
    if (gate.type === INTERRUPT_GATE) cleared |= Flag.IF;
    writeFlags(state, readFlags(state) & ~cleared);
    state.set32(State.rip, gate.offsetLow);
    state.set32(State.rip + 4, gate.offsetHigh);
  }
}
