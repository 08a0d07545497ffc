import type { Scope } from './scope.js';

/**
 * A transaction of loading or swapping. Until `commit`, what its scopes claim is checked and reserved but not in force;
 * what the scopes in `replaces` hold does not count as taken.
 */
export class Stage {
  #steps: (() => void)[] = [];
  #open = true;

  constructor(readonly replaces: ReadonlySet<Scope> = new Set()) {}

  get open(): boolean {
    return this.#open;
  }

  /** `step` puts one claim in force. */
  onCommit(step: () => void): void {
    this.#steps.push(step);
  }

  /** All claims change hands, in the order they were made. Answers what the steps threw: there is no way back. */
  commit(): unknown[] {
    this.#open = false;
    return this.#steps.splice(0).flatMap((step) => {
      try {
        step();
        return [];
      } catch (failure) {
        return [failure];
      }
    });
  }

  abort(): void {
    this.#open = false;
    this.#steps = [];
  }
}
