import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { deserialize } from 'node:v8';
import type { PrebuiltCode } from '../../core/cpu/index.js';
import { compileInBackground } from '../../core/cpu/wasm/compile.js';
import { isBuilt } from './package-root.js';

/** What is the same for every machine, and would otherwise be made at each start. */
export interface Prebuilt {
  readonly code: PrebuiltCode;
  /** For `KernelConfig.packedImage`. */
  readonly image: Uint8Array;
}

/** Before tier 1 is compiled: the content of the file. */
export interface StoredMachine {
  readonly code: PrebuiltCode & { readonly tierOne: Uint8Array };
  readonly image: Uint8Array;
}

export const STORED_MACHINE = 'machine.bin';

/** What the build stored; undefined in a checkout. Tier 1 compiles on other threads, so it pays to ask early. */
export async function loadPrebuilt(): Promise<Prebuilt | undefined> {
  const path = join(dirname(fileURLToPath(import.meta.url)), STORED_MACHINE);
  if (!isBuilt() || !existsSync(path)) return undefined;
  const { code, image } = deserialize(readFileSync(path)) as StoredMachine;
  return { code: { ...code, tierOne: await compileInBackground(code.tierOne) }, image };
}
