import { FIRST_REALTIME, signalBit } from './signal-numbers.js';

/** Who sent it and why: the fields of siginfo that programs read. */
export interface SignalInfo {
  readonly signal: number;
  /** si_code: SI_USER 0, SI_KERNEL 128, CLD_*, SEGV_*, … */
  readonly code: number;
  readonly pid?: number;
  readonly uid?: number;
  readonly status?: number;
  readonly address?: number;
  readonly value?: number;
}

const MAX_QUEUED = 1024;

/** Pending signals: one of each standard kind, a queue of each real-time kind. */
export class SignalQueue {
  readonly #queued: SignalInfo[] = [];

  /** Bit n - 1 is set for a pending signal n. */
  get set(): bigint {
    return this.#queued.reduce((set, { signal }) => set | signalBit(signal), 0n);
  }

  /** False when the queue of real-time signals is full. */
  push(info: SignalInfo): boolean {
    const standard = info.signal < FIRST_REALTIME;
    if (standard && this.#queued.some(({ signal }) => signal === info.signal)) return true;
    if (this.#queued.length >= MAX_QUEUED) return false;
    this.#queued.push(info);
    return true;
  }

  /** The first signal of `allowed`: synchronous faults first, then by number, as Linux does. */
  take(allowed: bigint): SignalInfo | undefined {
    const candidates = this.#queued.filter(({ signal }) => allowed & signalBit(signal));
    const first = candidates.sort((left, right) => order(left) - order(right))[0];
    if (first) this.#queued.splice(this.#queued.indexOf(first), 1);
    return first;
  }

  drop(signals: bigint): void {
    for (let at = this.#queued.length - 1; at >= 0; at--) {
      if (signalBit(this.#queued[at]?.signal ?? 1) & signals) this.#queued.splice(at, 1);
    }
  }
}

const SYNCHRONOUS: ReadonlySet<number> = new Set([4, 5, 7, 8, 11, 31]);
const order = ({ signal }: SignalInfo) => (SYNCHRONOUS.has(signal) ? signal - 100 : signal);
