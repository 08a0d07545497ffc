import { createCipheriv, randomFillSync } from 'node:crypto';

/** Fills a buffer with random bytes. */
export type Random = (into: Uint8Array) => void;

export const hostRandom: Random = (into) => void randomFillSync(into);

const KEY_BYTES = 32;
const BLOCK_BYTES = 16;

/** The same bytes in every run: a key stream of AES in counter mode, under a key of zeroes. */
export function seededRandom(): Random {
  const stream = createCipheriv('aes-256-ctr', new Uint8Array(KEY_BYTES), new Uint8Array(BLOCK_BYTES));
  return (into) => into.set(stream.update(new Uint8Array(into.length)));
}
