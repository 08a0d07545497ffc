import type { Description } from '../../files/description.js';
import type { Kernel } from '../../kernel.js';

/** As many as a process may have open to begin with. */
export const MOST_IN_FLIGHT = 1024;

/**
 * The descriptors that messages carry and nobody has received yet. A socket that waits in its own queue is never let go, so there
 * is a limit for all of them together.
 */
export class InFlight {
  #count = 0;
  readonly #dropped: Description[] = [];
  #isDropping = false;

  constructor(private readonly kernel: Kernel) {}

  get count(): number {
    return this.#count;
  }

  admits(files: readonly Description[]): boolean {
    return files.length === 0 || this.#count + files.length <= MOST_IN_FLIGHT;
  }

  add(files: readonly Description[]): void {
    this.#count += files.length;
  }

  /** They have arrived. */
  remove(files: readonly Description[]): void {
    this.#count -= files.length;
  }

  /** They never will. One after the other: a dropped socket drops those that wait in its queue. */
  drop(files: readonly Description[]): void {
    this.remove(files);
    this.#dropped.push(...files);
    if (this.#isDropping) return;
    this.#isDropping = true;
    try {
      for (let file = this.#dropped.pop(); file; file = this.#dropped.pop()) file.release(this.kernel);
    } finally {
      this.#isDropping = false;
    }
  }
}
