/**
 * How an isolate asks the kernel: one SharedArrayBuffer a process. Byte 0 holds the state word; 8-byte slots follow with
 * the call's number, its six arguments and its result. "Pointers" of an isolate are byte offsets into this buffer, at
 * least `WINDOW_OFFSET`; anything else is EFAULT.
 *
 * | bytes | |
 * | --- | --- |
 * | 0 | Int32 state: 0 idle, 1 request, 2 reply, 3 the call waits |
 * | 8 | number |
 * | 16 .. 63 | arguments 1..6 |
 * | 64 | result, negative errno on failure |
 * | 4096 .. 69631 | the process's own buffers |
 * | 69632 .. 135167 | payloads of requests to a scheme this process serves: written by the kernel only |
 *
 * A process writes the arguments, stores state 1, sets its bit in the bell's bitmap, rings (word 0 from 0 to 1, notify when
 * it was 0) and waits on the state word. The kernel clears word 0, takes the bits, serves, writes the result, stores state 2
 * and notifies. A thread that sleeps takes long to wake, so a process looks at the state for some microseconds before it
 * sleeps, unless the kernel says by state 3 that the answer will take time; so does an idle machine with the bell.
 */
export const PageState = { IDLE: 0, REQUEST: 1, REPLY: 2, WAITING: 3 } as const;

export const STATE_WORD = 0;
export const NUMBER_OFFSET = 8;
export const ARGUMENTS_OFFSET = 16;
export const ARGUMENT_COUNT = 6;
export const RESULT_OFFSET = 64;
export const WINDOW_OFFSET = 4096;
export const WINDOW_BYTES = 0x2_0000;
export const PAGE_TOTAL_BYTES = WINDOW_OFFSET + WINDOW_BYTES;
/** The upper half of the window: payloads of scheme requests. */
export const REQUEST_AREA_OFFSET = WINDOW_OFFSET + WINDOW_BYTES / 2;
export const REQUEST_AREA_BYTES = WINDOW_BYTES / 2;

export const BELL_WORD = 0;
export const bellWordOf = (slot: number): number => 1 + (slot >>> 5);
export const bellBitOf = (slot: number): number => 1 << (slot & 31);
export const bellWords = (slots: number): number => 1 + Math.ceil(slots / 32);

const HALF = 2 ** 32;

/** Slots hold signed 64-bit values; numbers within ±2^53 are exact. */
export function readSlot(words: Int32Array, offset: number): number {
  const at = offset >>> 2;
  return (words[at + 1] ?? 0) * HALF + ((words[at] ?? 0) >>> 0);
}

export function writeSlot(words: Int32Array, offset: number, value: number): void {
  const at = offset >>> 2;
  words[at] = value;
  words[at + 1] = Math.floor(value / HALF);
}

export interface PageRequest {
  readonly number: number;
  readonly args: readonly [number, number, number, number, number, number];
}

/** What the kernel reads: copied once, so that a process cannot change it during the call. */
export function readRequest(words: Int32Array): PageRequest {
  const arg = (i: number) => readSlot(words, ARGUMENTS_OFFSET + i * 8);
  return { number: readSlot(words, NUMBER_OFFSET), args: [arg(0), arg(1), arg(2), arg(3), arg(4), arg(5)] };
}

export function writeRequest(words: Int32Array, number: number, args: readonly number[]): void {
  writeSlot(words, NUMBER_OFFSET, number);
  for (let i = 0; i < ARGUMENT_COUNT; i++) writeSlot(words, ARGUMENTS_OFFSET + i * 8, args[i] ?? 0);
}

/** Tells the kernel that `slot` has a request. */
export function ring(bell: Int32Array, slot: number): void {
  Atomics.or(bell, bellWordOf(slot), bellBitOf(slot));
  if (Atomics.exchange(bell, BELL_WORD, 1) === 0) Atomics.notify(bell, BELL_WORD);
}

/** The kernel's half of the doorbell: silences it, then yields every slot whose bit was set. */
export function* takeRings(bell: Int32Array): Generator<number> {
  Atomics.store(bell, BELL_WORD, 0);
  for (let word = 1; word < bell.length; word++) {
    let bits = Atomics.exchange(bell, word, 0);
    while (bits !== 0) {
      const bit = 31 - Math.clz32(bits & -bits);
      bits &= bits - 1;
      yield (word - 1) * 32 + bit;
    }
  }
}

/** The kernel has taken a request and cannot answer it now. */
export function tellWaiting(words: Int32Array): void {
  Atomics.compareExchange(words, STATE_WORD, PageState.REQUEST, PageState.WAITING);
}

/** Looks at the state, at most `looks` times. True once the kernel has answered. */
export function lookForReply(words: Int32Array, looks: number): boolean {
  let state: number = PageState.REQUEST;
  for (let left = looks; left > 0 && state === PageState.REQUEST; left--)
    state = Atomics.load(words, STATE_WORD);
  return isAnswer(state);
}

/** Sleeps until the kernel has answered. */
export function sleepUntilReply(words: Int32Array): void {
  for (;;) {
    const state = Atomics.load(words, STATE_WORD);
    if (isAnswer(state)) return;
    Atomics.wait(words, STATE_WORD, state);
  }
}

const isAnswer = (state: number) => state !== PageState.REQUEST && state !== PageState.WAITING;

/** The kernel's answer: result first, then the state, then the wake-up. */
export function reply(words: Int32Array, result: number): void {
  writeSlot(words, RESULT_OFFSET, result);
  Atomics.store(words, STATE_WORD, PageState.REPLY);
  Atomics.notify(words, STATE_WORD);
}
