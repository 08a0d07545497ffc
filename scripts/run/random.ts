import { createCipheriv, randomFillSync } from 'node:crypto';
import { closeSync, openSync, readSync } from 'node:fs';

/** Fills a buffer with random bytes. */
export type Random = (into: Uint8Array) => void;

const DEVICE = '/dev/urandom';

/** From the host's device where it has one: to load `node:crypto` takes as long as many a program. */
export const hostRandom: Random = (into) => {
  if (!fromDevice(into)) randomFillSync(into);
};

function fromDevice(into: Uint8Array): boolean {
  try {
    const device = openSync(DEVICE, 'r');
    const length = readSync(device, into);
    closeSync(device);
    return length === into.length;
  } catch {
    return false;
  }
}

const KEY_BYTES = 32;
const BLOCK_BYTES = 16;

/** The same bytes in every run: a key stream of AES in counter mode, under a key of zeroes. */
export function seededRandom(): Random {
  const stream = createCipheriv('aes-256-ctr', new Uint8Array(KEY_BYTES), new Uint8Array(BLOCK_BYTES));
  return (into) => into.set(stream.update(new Uint8Array(into.length)));
}
