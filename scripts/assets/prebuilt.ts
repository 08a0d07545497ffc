import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { deserialize } from 'node:v8';
import type { PrebuiltCode } from '../../core/cpu/index.js';
import { isBuilt } from './package-root.js';

/** What is the same for every machine, and would otherwise be made at each start. */
export interface Prebuilt {
  readonly code: PrebuiltCode;
  /** For `KernelConfig.packedImage`. */
  readonly image: Uint8Array;
}

export const STORED_MACHINE = 'machine.bin';

/** What the build stored; undefined in a checkout. */
export function loadPrebuilt(): Prebuilt | undefined {
  const path = join(dirname(fileURLToPath(import.meta.url)), STORED_MACHINE);
  return isBuilt() && existsSync(path) ? (deserialize(readFileSync(path)) as Prebuilt) : undefined;
}
