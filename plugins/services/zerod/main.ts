import { CHUNK_BYTES } from '../runtime/calls.js';
import { sink } from '../runtime/scheme/character-device.js';
import { runDaemon } from '../runtime/scheme/publish.js';
import type { Os } from '../runtime/os.js';

/** `/scheme/zero`: reads are zeroes without end, writes vanish. */
export const main = (os: Os): number =>
  runDaemon(
    os,
    'zero',
    sink('zero', (length) => new Uint8Array(Math.min(length, CHUNK_BYTES))),
    [],
  );
