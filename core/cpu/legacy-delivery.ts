import { Attribute } from './descriptors.js';
import type { EventKind } from './delivery.js';
import { GuestFault, Vector } from './guest-fault.js';
import { State } from './layout.js';
import type { LinearMemory } from './linear-memory.js';
import { Flag, readFlags, writeFlags } from './rflags.js';
import type { Descriptor, Segments } from './segments.js';
import { Stack } from './stack.js';
import type { CpuState } from './state.js';

const RSP = State.gpr + 4 * 8;
const IN_IDT = 2;
const EXTERNAL = 1;
/** Types of gates, of which bit 3 tells 32 bits from 16. */
const INTERRUPT_GATE = 6;
const TRAP_GATE = 7;
const WIDE = 8;

interface Gate {
  readonly selector: number;
  readonly offset: number;
  readonly bytes: 2 | 4;
  readonly clearsInterruptFlag: boolean;
}

/** Interrupts and exceptions in protected mode (manual volume 3, 6.12). Task gates are not built: #GP, as for an unknown type. */
export class LegacyDelivery {
  constructor(
    private readonly state: CpuState,
    private readonly memory: LinearMemory,
    private readonly segments: Segments,
  ) {}

  deliver(vector: number, code: number | undefined, kind: EventKind): void {
    const { state } = this;
    const external = kind === 'software' ? 0 : EXTERNAL;
    const gate = this.#gate(vector, kind, external);
    const target = this.segments.gateTarget(gate.selector, external);
    const conforming = (target.attributes & Attribute.conforming) !== 0;
    const level = conforming ? state.cpl : target.dpl;
    if (gate.offset > target.limit) throw new GuestFault(Vector.GP, external);
    const flags = readFlags(state) | (kind === 'fault' ? Flag.RF : 0);
    const old = [BigInt(flags), BigInt(state.selector('cs')), state.instructionPointer];
    const pushed = code === undefined ? old : [...old, BigInt(code)];
    if (level < state.cpl) this.#enterInner(gate, target, pushed, external);
    else this.#enterSame(gate, target, pushed);
    let cleared = Flag.TF | Flag.NT | Flag.RF | Flag.VM;
    if (gate.clearsInterruptFlag) cleared |= Flag.IF;
    writeFlags(state, readFlags(state) & ~cleared);
  }

  #gate(vector: number, kind: EventKind, external: number): Gate {
    const code = vector * 8 + IN_IDT + external;
    if (vector * 8 + 7 > this.state.get32(State.idtrLimit)) throw new GuestFault(Vector.GP, code);
    const [low, high] = this.memory.load(State.idtrBase, vector * 8, 2, true) as unknown as [number, number];
    const type = (high >> 8) & 0x1f;
    const wide = (type & WIDE) !== 0;
    const kindOfGate = type & ~WIDE;
    if (kindOfGate !== INTERRUPT_GATE && kindOfGate !== TRAP_GATE) throw new GuestFault(Vector.GP, code);
    if (kind === 'software' && ((high >> 13) & 3) < this.state.cpl) throw new GuestFault(Vector.GP, code);
    if ((high & 0x8000) === 0) throw new GuestFault(Vector.NP, code);
    return {
      selector: low >>> 16,
      offset: ((low & 0xffff) | (wide ? high & 0xffff_0000 : 0)) >>> 0,
      bytes: wide ? 4 : 2,
      clearsInterruptFlag: kindOfGate === INTERRUPT_GATE,
    };
  }

  #enterSame(gate: Gate, target: Descriptor, pushed: readonly bigint[]): void {
    const { state } = this;
    const stack = Stack.current(state, this.memory);
    stack.push(gate.bytes, pushed);
    stack.load(state);
    this.#enter(gate, target, state.cpl);
  }

  #enterInner(gate: Gate, target: Descriptor, pushed: readonly bigint[], external: number): void {
    const { state } = this;
    const { segment, top } = this.segments.innerStack(target.dpl, external);
    const faultCode = (segment.selector & 0xfffc) | external;
    const stack = new Stack(this.memory, { segment, top, supervisor: true, faultCode });
    stack.push(gate.bytes, [BigInt(state.selector('ss')), state.get64(RSP), ...pushed]);
    state.setSegment('ss', segment);
    stack.load(state);
    this.#enter(gate, target, target.dpl);
  }

  #enter({ selector, offset }: Gate, target: Descriptor, level: number): void {
    const { state } = this;
    const { base, limit, attributes } = target;
    state.setSegment('cs', { base, limit, attributes, selector: (selector & 0xfffc) | level });
    state.cpl = level;
    state.instructionPointer = BigInt(offset);
  }
}
