import {
  bellWordOf,
  lookForReply,
  PageState,
  readSlot,
  RESULT_OFFSET,
  ring,
  sleepUntilReply,
  STATE_WORD,
  writeRequest,
} from '../../../core/abi/isolate-page.js';

/** How a program reaches its kernel. Pointers are offsets into `memory`. */
export interface Transport {
  readonly memory: Uint8Array;
  /** Result, or a negative errno. Blocks until the kernel answers. */
  syscall(number: number, args: readonly number[]): number;
}

/** Some 20 microseconds. */
const MOST_LOOKS = 4000;
/** How often a process that looked in vain tries again. */
const TRIES_EVERY = 32;

/** The page of an isolate: request in shared memory, doorbell, sleep until the answer. */
export class PageTransport implements Transport {
  readonly memory: Uint8Array;
  readonly #words: Int32Array;
  readonly #bell: Int32Array;
  #looks = 0;
  #calls = 0;

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
    this.#awaitReply();
    return readSlot(this.#words, RESULT_OFFSET);
  }

  /** A thread that sleeps takes long to wake, so it looks out for the answer first where that has been worth it. */
  #awaitReply(): void {
    this.#calls = (this.#calls + 1) % TRIES_EVERY;
    const looks = this.#calls === 0 ? MOST_LOOKS : this.#looks;
    const isQuick = lookForReply(this.#words, looks);
    this.#looks = isQuick ? MOST_LOOKS : this.#looks >>> 1;
    if (!isQuick) sleepUntilReply(this.#words);
  }
}
