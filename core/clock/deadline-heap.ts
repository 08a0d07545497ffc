/** A point in time at which something is due. */
export interface Deadline {
  readonly atNs: number;
  readonly fire: () => void;
  /** Where it lies in the heap; -1 when it has been taken out. */
  index: number;
  readonly order: number;
}

/** Earliest first; equal times in the order they were added. */
export class DeadlineHeap {
  readonly #items: Deadline[] = [];
  #added = 0;

  /** How many have ever been added: the order of the next. */
  get added(): number {
    return this.#added;
  }

  get earliest(): Deadline | undefined {
    return this.#items[0];
  }

  add(atNs: number, fire: () => void): Deadline {
    const deadline = { atNs, fire, index: this.#items.length, order: this.#added++ };
    this.#items.push(deadline);
    this.#rise(deadline);
    return deadline;
  }

  /** Removing what has fired or been removed does nothing. */
  remove(deadline: Deadline): void {
    const at = deadline.index;
    if (at < 0) return;
    deadline.index = -1;
    const last = this.#items.pop();
    if (!last || last === deadline) return;
    this.#place(last, at);
    this.#rise(last);
    this.#sink(last);
  }

  #rise(deadline: Deadline): void {
    for (
      let parent = this.#parent(deadline);
      parent && before(deadline, parent);
      parent = this.#parent(deadline)
    ) {
      this.#exchange(deadline, parent);
    }
  }

  #sink(deadline: Deadline): void {
    for (let child = this.#child(deadline); child && before(child, deadline); child = this.#child(deadline)) {
      this.#exchange(child, deadline);
    }
  }

  #parent(deadline: Deadline): Deadline | undefined {
    return deadline.index > 0 ? this.#items[(deadline.index - 1) >> 1] : undefined;
  }

  #child(deadline: Deadline): Deadline | undefined {
    const left = this.#items[2 * deadline.index + 1];
    const right = this.#items[2 * deadline.index + 2];
    return left && right && before(right, left) ? right : left;
  }

  #exchange(a: Deadline, b: Deadline): void {
    const at = a.index;
    this.#place(a, b.index);
    this.#place(b, at);
  }

  #place(deadline: Deadline, at: number): void {
    this.#items[at] = deadline;
    deadline.index = at;
  }
}

function before(a: Deadline, b: Deadline): boolean {
  return a.atNs < b.atNs || (a.atNs === b.atNs && a.order < b.order);
}
