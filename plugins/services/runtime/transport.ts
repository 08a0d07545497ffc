import {
  bellWordOf,
  PageState,
  readSlot,
  RESULT_OFFSET,
  ring,
  STATE_WORD,
  writeRequest,
} from '../../../core/abi/isolate-page.js';

/** How a program reaches its kernel. Pointers are offsets into `memory`. */
export interface Transport {
  readonly memory: Uint8Array;
  /** Result, or a negative errno. Blocks until the kernel answers. */
  syscall(number: number, args: readonly number[]): number;
}

/** The page of an isolate: request in shared memory, doorbell, sleep until the answer. */
export class PageTransport implements Transport {
  readonly memory: Uint8Array;
  readonly #words: Int32Array;
  readonly #bell: Int32Array;

  constructor(
    page: SharedArrayBuffer,
    bell: SharedArrayBuffer,
    private readonly slot: number,
  ) {
    this.memory = new Uint8Array(page);
    this.#words = new Int32Array(page);
    this.#bell = new Int32Array(bell);
    if (bellWordOf(slot) >= this.#bell.length) throw new RangeError(`the bell has no word for slot ${slot}`);
  }

  syscall(number: number, args: readonly number[]): number {
    writeRequest(this.#words, number, args);
    Atomics.store(this.#words, STATE_WORD, PageState.REQUEST);
    ring(this.#bell, this.slot);
    while (Atomics.load(this.#words, STATE_WORD) === PageState.REQUEST)
      Atomics.wait(this.#words, STATE_WORD, PageState.REQUEST);
    return readSlot(this.#words, RESULT_OFFSET);
  }
}
