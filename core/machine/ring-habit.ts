/** Longer gaps count as this much, so that a few short ones show soon. */
const LONGEST_GAP_MS = 0.5;
const QUICK_GAP_MS = 0.25;
/** A thread that sleeps wakes in 5 to 50 microseconds: looking out for longer costs more than it saves. */
const LONGEST_LOOK_OUT_MS = 0.05;
const WEIGHT = 0.2;

/** How soon after the machine has come to rest a doorbell rings, as a rule. */
export class RingHabit {
  #gapMs = LONGEST_GAP_MS;

  /** After a rest; `Infinity` when nothing rang. */
  learn(gapMs: number): void {
    this.#gapMs += WEIGHT * (Math.min(gapMs, LONGEST_GAP_MS) - this.#gapMs);
  }

  /** Rings come so soon that giving the thread to Node's events first does not pay. */
  get isQuick(): boolean {
    return this.#gapMs < QUICK_GAP_MS;
  }

  /** How long to look out for the next ring before falling asleep; 0 where that is in vain. */
  get lookOutMs(): number {
    return this.#gapMs < LONGEST_LOOK_OUT_MS ? LONGEST_LOOK_OUT_MS : 0;
  }
}
