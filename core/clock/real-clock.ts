import { MachineClock } from './clock.js';

/** Where host time comes from. Milliseconds, monotonic. */
export type HostTime = () => number;

const hostTime: HostTime = () => performance.now();
const hostEpochNs = (): bigint => BigInt(Date.now()) * 1_000_000n;

/** The host's monotonic time, less all the time the machine was held. Starts held. */
export class RealClock extends MachineClock {
  #startedMs: number | undefined;
  #passedNs = 0;

  constructor(
    private readonly host: HostTime = hostTime,
    epochNs = hostEpochNs(),
  ) {
    super(epochNs);
  }

  get nowNs(): number {
    if (this.#startedMs === undefined) return this.#passedNs;
    return this.#passedNs + Math.floor((this.host() - this.#startedMs) * 1e6);
  }

  pause(): void {
    this.#passedNs = this.nowNs;
    this.#startedMs = undefined;
  }

  resume(): void {
    this.#startedMs ??= this.host();
  }

  skipToDeadline(): boolean {
    return false;
  }
}
