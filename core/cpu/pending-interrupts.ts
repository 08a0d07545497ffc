import type { Delivery } from './delivery.js';
import { GuestFault, Vector } from './guest-fault.js';
import { State } from './layout.js';
import { Flag } from './rflags.js';
import type { CpuState } from './state.js';
import type { CpuBus } from './types.js';

/** The interrupt line and NMI: what waits, and when it comes (manual volume 3, 6.8). */
export class PendingInterrupts {
  #line = false;
  /** NMIs while one waits already are that one. */
  #nmi = false;

  constructor(
    private readonly state: CpuState,
    private readonly bus: CpuBus,
    private readonly delivery: Delivery,
  ) {}

  reset(): void {
    this.#nmi = this.#line = false;
  }

  setLine(high: boolean): void {
    this.#line = high;
    this.attend();
  }

  raiseNmi(): void {
    this.#nmi = true;
    this.attend();
  }

  /** Something changed: generated code is to leave at the next border when that lets an interrupt come. */
  attend(): void {
    this.#note();
    if (this.#nmiMayCome() || (this.#line && this.#enabled())) this.state.set32(State.attention, 1);
  }

  /** Between two instructions: the most urgent one that may come. */
  deliver(): void {
    if (this.state.get32(State.shadow) !== 0) return;
    if (this.#nmiMayCome()) {
      this.#nmi = false;
      this.#interrupt(Vector.NMI);
    } else if (this.#line && this.#enabled()) {
      this.#interrupt(this.bus.acknowledgeInterrupt());
    }
    this.#note();
  }

  // No getters: V8 calls into its runtime for private ones, and this is asked at every border.

  #enabled(): boolean {
    return (this.state.get32(State.systemFlags) & Flag.IF) !== 0;
  }

  /** From its delivery until iret no other comes. */
  #nmiMayCome(): boolean {
    return this.#nmi && this.state.get32(State.nmiBlocked) === 0;
  }

  #note(): void {
    this.state.set32(State.interruptPending, this.#line || this.#nmiMayCome() ? 1 : 0);
  }

  #interrupt(vector: number): void {
    this.state.set32(State.halted, 0);
    if (this.bus.interrupt?.(vector)) return;
    if (vector === Vector.NMI) this.state.set32(State.nmiBlocked, 1);
    try {
      this.delivery.deliver(vector, undefined, 'interrupt');
    } catch (fault) {
      if (!(fault instanceof GuestFault)) throw fault;
      this.delivery.fault(fault.vector, fault.code, fault.address);
    }
  }
}
