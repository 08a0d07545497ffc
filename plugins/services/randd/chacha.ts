const CONSTANTS = [0x6170_7865, 0x3320_646e, 0x7962_2d32, 0x6b20_6574];
const ROUNDS = 10;
const BLOCK_BYTES = 64;
const KEY_WORDS = 8;

const rotate = (word: number, by: number): number => (word << by) | (word >>> (32 - by));

function quarter(s: Uint32Array, a: number, b: number, c: number, d: number): void {
  const step = (x: number, y: number, z: number, by: number) => {
    s[x] = (s[x] ?? 0) + (s[y] ?? 0);
    s[z] = rotate((s[z] ?? 0) ^ (s[x] ?? 0), by);
  };
  step(a, b, d, 16);
  step(c, d, b, 12);
  step(a, b, d, 8);
  step(c, d, b, 7);
}

/** One block of ChaCha20 (RFC 8439), 64 bytes; `tail` is counter and nonce, words 12 to 15 of the state. */
export function chachaBlock(key: Uint32Array, tail: readonly number[]): Uint8Array {
  const initial = Uint32Array.of(...CONSTANTS, ...key, ...tail);
  const state = initial.slice();
  for (let round = 0; round < ROUNDS; round++) {
    for (let i = 0; i < 4; i++) quarter(state, i, 4 + i, 8 + i, 12 + i);
    for (let i = 0; i < 4; i++) quarter(state, i, 4 + ((i + 1) % 4), 8 + ((i + 2) % 4), 12 + ((i + 3) % 4));
  }
  for (let i = 0; i < 16; i++) state[i] = (state[i] ?? 0) + (initial[i] ?? 0);
  return new Uint8Array(state.buffer);
}

/** Random bytes that tell nothing of earlier ones: the key is replaced after every request. */
export class RandomSource {
  #key = new Uint32Array(KEY_WORDS);

  constructor(seed: Uint8Array) {
    this.mix(seed);
  }

  /** Stirs data of any length into the key. */
  mix(data: Uint8Array): void {
    for (let at = 0; at < data.length; at += 4 * KEY_WORDS) {
      const part = new Uint8Array(4 * KEY_WORDS);
      part.set(data.subarray(at, at + part.length));
      const words = new Uint32Array(part.buffer);
      for (let i = 0; i < KEY_WORDS; i++) this.#key[i] = (this.#key[i] ?? 0) ^ (words[i] ?? 0);
      this.#advance();
    }
  }

  bytes(length: number): Uint8Array {
    const out = new Uint8Array(length);
    for (let at = 0, counter = 1; at < length; at += BLOCK_BYTES, counter++)
      out.set(chachaBlock(this.#key, [counter, 0, 0, 0]).subarray(0, Math.min(BLOCK_BYTES, length - at)), at);
    this.#advance();
    return out;
  }

  /** The key, for a successor. */
  carry(): number[] {
    return [...this.#key];
  }

  restore(key: readonly number[]): void {
    this.#key = Uint32Array.from(key);
  }

  #advance(): void {
    this.#key = new Uint32Array(chachaBlock(this.#key, [0, 0, 0, 0]).slice(0, 4 * KEY_WORDS).buffer);
  }
}
