import { Clock as ClockId } from '../../../core/abi/flags.js';
import type { Calls } from './calls.js';

/** Time as the kernel tells it. Isolates have no timers: waiting is a blocking call. */
export class Clock {
  constructor(private readonly calls: Calls) {}

  /** Milliseconds since 1970. */
  now(): number {
    return this.#milliseconds(ClockId.REALTIME);
  }

  /** Milliseconds since the machine started. */
  monotonic(): number {
    return this.#milliseconds(ClockId.MONOTONIC);
  }

  sleep(milliseconds: number): void {
    const whole = Math.floor(milliseconds / 1000);
    const nsec = Math.round((milliseconds - whole * 1000) * 1e6);
    if (milliseconds > 0) this.calls.sleep(whole, Math.min(nsec, 999_999_999));
  }

  #milliseconds(id: number): number {
    const { sec, nsec } = this.calls.clock(id);
    return sec * 1000 + nsec / 1e6;
  }
}
