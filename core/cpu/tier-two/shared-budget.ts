/**
 * How blocks take their instructions from the budget: a block that only one other leads to has its share taken by that one, for the longest
 * way there is, so that few blocks have to look. Who goes another way gives the rest back.
 */
export class SharedBudget {
  /** By block: the only one that leads there. */
  readonly #before = new Map<number, number>();
  readonly #heirs = new Map<number, number[]>();
  readonly #needs = new Map<number, number>();
  readonly #parents = new Map<number, number>();

  constructor(
    /** By node: how many instructions its block has; a node without a block takes nothing. */
    private readonly sizes: readonly (number | undefined)[],
    predecessors: readonly (readonly number[])[],
    /** By block: its loop. Turns of a loop do not pay for what comes behind it. */
    loops: ReadonlyMap<number, number>,
    /** So many can be given back. */
    private readonly most: number,
  ) {
    for (const number of sizes.keys()) {
      const [before, ...others] = predecessors[number]!;
      if (before === undefined || others.length > 0 || number === 0) continue;
      if (sizes[before] === undefined || sizes[number] === undefined) continue;
      if (loops.get(before) !== loops.get(number)) continue;
      this.#before.set(number, before);
      this.#heirs.set(before, [...(this.#heirs.get(before) ?? []), number]);
    }
  }

  /** What a block takes on entry. */
  taken(number: number): number {
    return this.#parentOf(number) === undefined ? this.#need(number) : 0;
  }

  /** What has been taken for a block and those behind it when it begins. */
  held(number: number): number {
    const parent = this.#parentOf(number);
    return parent === undefined ? this.#need(number) : this.rest(parent);
  }

  /** What is left of that behind a block. */
  rest(number: number): number {
    return this.held(number) - this.sizes[number]!;
  }

  /** Whether a block has taken the share of another one. */
  shares(from: number, to: number): boolean {
    return this.#parentOf(to) === from;
  }

  #parentOf(number: number): number | undefined {
    const before = this.#before.get(number);
    if (before === undefined) return undefined;
    this.#need(before);
    return this.#parents.get(number);
  }

  #need(number: number): number {
    const known = this.#needs.get(number);
    if (known !== undefined) return known;
    const own = this.sizes[number]!;
    // Whoever is asked for meanwhile cannot be reached.
    this.#needs.set(number, own);
    let most = own;
    for (const heir of this.#heirs.get(number) ?? []) {
      const whole = own + this.#need(heir);
      if (whole > this.most) continue;
      this.#parents.set(heir, number);
      most = Math.max(most, whole);
    }
    this.#needs.set(number, most);
    return most;
  }
}
