import { State, Status } from '../layout.js';
import type { CpuState } from '../state.js';
import type { SystemHandler } from './context.js';

/** "expand 32-byte k", RFC 8439, 2.3. */
const CONSTANTS = [0x6170_7865, 0x3320_646e, 0x7962_2d32, 0x6b20_6574] as const;
const KEY_WORDS = 8;
const DOUBLE_ROUNDS = 10;
const QUARTERS: readonly (readonly [number, number, number, number])[] = [
  [0, 4, 8, 12],
  [1, 5, 9, 13],
  [2, 6, 10, 14],
  [3, 7, 11, 15],
  [0, 5, 10, 15],
  [1, 6, 11, 12],
  [2, 7, 8, 13],
  [3, 4, 9, 14],
];

const RANDOM_KEY_BYTES = KEY_WORDS * 4;

/**
 * rdrand and rdseed: the key stream of ChaCha20, a block for each number. Key and block number belong to the state of the processor, so
 * a run that starts from the same key, or from a snapshot, sees the same numbers.
 */
const random: SystemHandler = ({ state, seed }) => {
  if (state.get32(State.randomSeeded) === 0) {
    if (seed) state.u8.set(seed().subarray(0, RANDOM_KEY_BYTES), State.randomKey);
    state.set32(State.randomSeeded, 1);
  }
  const [low, high] = nextBlock(state);
  state.set32(State.scratch + 16, low!);
  state.set32(State.scratch + 20, high!);
  return Status.next;
};

function nextBlock(state: CpuState): Uint32Array {
  const block = new Uint32Array(16);
  block.set(CONSTANTS);
  const key = State.randomKey >> 2;
  block.set(state.u32.subarray(key, key + KEY_WORDS), CONSTANTS.length);
  block[12] = state.get32(State.randomBlock);
  block[13] = state.get32(State.randomBlock + 4);
  state.set64(State.randomBlock, state.get64(State.randomBlock) + 1n);
  return mixed(block);
}

function mixed(block: Uint32Array): Uint32Array {
  const work = block.slice();
  for (let i = 0; i < DOUBLE_ROUNDS; i++) for (const quarter of QUARTERS) quarterRound(work, ...quarter);
  return work.map((word, i) => word + block[i]!);
}

function quarterRound(words: Uint32Array, a: number, b: number, c: number, d: number): void {
  const step = (to: number, from: number, turned: number, by: number) => {
    words[to]! += words[from]!;
    const value = words[turned]! ^ words[to]!;
    words[turned] = (value << by) | (value >>> (32 - by));
  };
  step(a, b, d, 16);
  step(c, d, b, 12);
  step(a, b, d, 8);
  step(c, d, b, 7);
}

export const randomHandlers = { random };
