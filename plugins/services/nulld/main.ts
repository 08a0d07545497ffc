import { sink } from '../runtime/scheme/character-device.js';
import { runDaemon } from '../runtime/scheme/publish.js';
import type { Os } from '../runtime/os.js';

/** `/scheme/null`: reads end at once, writes vanish. */
export const main = (os: Os): number =>
  runDaemon(
    os,
    'null',
    sink('null', () => new Uint8Array()),
    [],
  );
