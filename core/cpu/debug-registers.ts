import { Breakpoints } from './breakpoints.js';
import { ControlBit } from './control-bits.js';
import { SINGLE_STEP_NOW, State } from './layout.js';
import { Flag } from './rflags.js';
import type { CpuState } from './state.js';
import type { AccessKind, Undo, WatchKind } from './types.js';

/** DR6 (manual volume 3, 17.2.3). */
const [BD, BS] = [1 << 13, 1 << 14];
/** DR7. */
const GENERAL_DETECT = 1 << 13;
const STATUS = State.dr + 6 * 8;
const CONTROL = State.dr + 7 * 8;
const CONDITION = { execute: 0, write: 1, port: 2, access: 3 } as const;
const LENGTHS = [1, 2, 8, 4] as const;
const HOLDS_DEBUG_BACK = 2;

const Armed = { execute: 1, port: 2 } as const;

interface Ports {
  readonly bit: number;
  readonly first: number;
  readonly length: number;
}

export interface DebugParts {
  /** `hit` is called for each access of the kind to the range; it never stops the machine. */
  watch(linear: bigint, length: number, kind: WatchKind, hit: () => false): Undo;
  /** Instructions at this offset of a page have to be decoded again. */
  codeChanged(offset: number): void;
}

/**
 * What the guest's debug registers and TF demand (manual volume 3, 17.2 and 17.3). Nothing here costs anything while no register is armed and TF is
 * clear: instructions are marked in their records, and watched pages stay out of the TLB.
 */
export class DebugRegisters {
  /** While TypeScript accesses memory for somebody else. */
  isMuted = false;
  readonly #breakpoints = new Breakpoints();
  readonly #bits = new Map<bigint, number>();
  #ports: Ports[] = [];
  #undo: Undo[] = [];
  /** Bits of DR6 that the next trap reports. */
  #pending = 0;
  #resumes = false;

  constructor(
    private readonly state: CpuState,
    private readonly parts: DebugParts,
  ) {}

  /** DR0 to DR3, DR7 or CR4.DE changed. */
  update(): void {
    for (const undo of this.#undo) undo();
    this.#undo = [];
    this.#ports = [];
    this.#bits.clear();
    this.state.set32(State.debugArmed, 0);
    const control = this.state.get32(CONTROL);
    for (let i = 0; i < 4; i++) if ((control >>> (i * 2)) & 3) this.#arm(i, (control >>> (16 + i * 4)) & 15);
  }

  get anyBreakpoint(): boolean {
    return this.#breakpoints.any;
  }

  atOffset(offset: number): boolean {
    return this.#breakpoints.atOffset(offset);
  }

  /** True when the instruction must not execute: the trap that is then due comes before it. */
  stopsAt(linear: bigint): boolean {
    const resumes = this.#resumes || (this.state.get32(State.systemFlags) & Flag.RF) !== 0;
    if (resumes || !this.#breakpoints.stopsAt(linear)) return false;
    this.#pending |= this.#bits.get(linear) ?? 0;
    return true;
  }

  notePort(port: number, bytes: number): void {
    for (const { bit, first, length } of this.#ports)
      if (port < first + length && first < port + bytes) this.#pending |= bit;
  }

  /** Access to a debug register: true when DR7.GD asks for #DB instead. */
  detects(): boolean {
    if ((this.state.get32(CONTROL) & GENERAL_DETECT) === 0) return false;
    this.#report(BD!);
    return true;
  }

  /** Before a stretch of generated code. True when it may be one instruction long only. */
  begin(): boolean {
    const { state } = this;
    const flags = state.get32(State.systemFlags);
    const shadow = state.get32(State.shadow);
    const steps = (flags & Flag.TF) !== 0;
    this.#resumes = (flags & Flag.RF) !== 0 || shadow === HOLDS_DEBUG_BACK;
    state.set32(State.singleStep, steps ? 1 : 0);
    state.set32(State.shadow, 0);
    state.set32(State.systemFlags, flags & ~Flag.RF);
    return steps || shadow !== 0 || (flags & Flag.RF) !== 0;
  }

  /** Whether `begin` has something to do before the next instruction, or `end` behind the last one. */
  waitsForBorder(): boolean {
    const { state } = this;
    const flags = state.get32(State.systemFlags) & (Flag.RF | Flag.TF);
    return flags !== 0 || state.get32(State.singleStep) !== 0 || state.get32(State.shadow) !== 0;
  }

  /** After it: true when a #DB trap is due. */
  end(executed: number): boolean {
    const { state } = this;
    if (state.get32(State.shadow) === HOLDS_DEBUG_BACK) return false;
    const step = state.get32(State.singleStep);
    const stepped = (executed === 1 && step !== 0) || step === SINGLE_STEP_NOW;
    const bits = this.#pending | (stepped ? BS! : 0);
    this.#pending = 0;
    if (bits !== 0) this.#report(bits);
    return bits !== 0;
  }

  /** The instruction faulted: what it accessed before does not count. */
  forget(): void {
    this.#pending = 0;
  }

  /** #DB is being delivered. */
  entered(): void {
    this.state.set32(CONTROL, this.state.get32(CONTROL) & ~GENERAL_DETECT);
  }

  #report(bits: number): void {
    this.state.set32(STATUS, this.state.get32(STATUS) | bits);
  }

  #arm(i: number, field: number): void {
    const condition = field & 3;
    const length = LENGTHS[field >> 2]!;
    const linear = this.state.get64(State.dr + i * 8) & ~BigInt(length - 1);
    if (condition === CONDITION.execute) this.#armInstruction(1 << i, linear);
    else if (condition === CONDITION.port) this.#armPort(1 << i, linear, length);
    else this.#armData(1 << i, linear, length, condition === CONDITION.write ? 'write' : 'access');
  }

  #armInstruction(bit: number, linear: bigint): void {
    this.#bits.set(linear, (this.#bits.get(linear) ?? 0) | bit);
    const changed = (offset: number) => this.parts.codeChanged(offset);
    this.#undo.push(this.#breakpoints.add(linear, undefined, changed));
    this.#armed(Armed.execute);
  }

  #armPort(bit: number, linear: bigint, length: number): void {
    if ((this.state.get32(State.cr4) & ControlBit.DE) === 0) return;
    this.#ports.push({ bit, first: Number(linear), length });
    this.#armed(Armed.port);
  }

  #armData(bit: number, linear: bigint, length: number, kind: AccessKind | 'access'): void {
    const hit = () => {
      if (!this.isMuted) {
        this.#pending |= bit;
        this.state.set32(State.attention, 1);
      }
      return false as const;
    };
    this.#undo.push(this.parts.watch(linear, length, kind, hit));
  }

  #armed(what: number): void {
    this.state.set32(State.debugArmed, this.state.get32(State.debugArmed) | what);
  }
}
