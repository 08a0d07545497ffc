const MINI_SLICE_MS = 0.05;
const FEWEST = 64;
const MOST = 4_000_000;

/** Finds how many instructions take about 50 us on this host, with this guest. */
export class Pacer {
  #instructions = 2_000;

  /** For a slice that may last `limitMs` at most. */
  instructions(limitMs: number): number {
    if (limitMs >= MINI_SLICE_MS) return this.#instructions;
    return Math.max(FEWEST, Math.floor((this.#instructions * Math.max(0, limitMs)) / MINI_SLICE_MS));
  }

  /** What the last slice did. Grows at most twofold and shrinks at most eightfold a slice. */
  learn(retired: number, tookMs: number): void {
    if (retired < this.#instructions / 2 && tookMs < MINI_SLICE_MS) return;
    const ideal = (retired * MINI_SLICE_MS) / Math.max(tookMs, 1e-4);
    const next = Math.min(Math.max(ideal, this.#instructions / 8), this.#instructions * 2);
    this.#instructions = Math.round(Math.min(Math.max(next, FEWEST), MOST));
  }
}
