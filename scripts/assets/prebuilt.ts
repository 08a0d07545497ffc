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

/** The part of the code that few programs need. */
type Rest = Pick<PrebuiltCode, 'families' | 'library'>;

/** What is stored, by file. */
export interface StoredFiles {
  readonly 'machine.bin': Omit<Prebuilt, 'code'> & { readonly code: Omit<PrebuiltCode, keyof Rest> };
  readonly 'rest.bin': Rest;
}

export function splitPrebuilt({ code: { families, library, ...code }, image }: Prebuilt): StoredFiles {
  return { 'machine.bin': { code, image }, 'rest.bin': { families, library } };
}

/** What the build stored; undefined in a checkout. */
export function loadPrebuilt(): Prebuilt | undefined {
  const folder = dirname(fileURLToPath(import.meta.url));
  if (!isBuilt() || !existsSync(join(folder, 'machine.bin'))) return undefined;
  const { code, image } = load(folder, 'machine.bin');
  let rest: Rest | undefined;
  const restOnDemand = () => (rest ??= load(folder, 'rest.bin'));
  return {
    image,
    code: {
      ...code,
      get families() {
        return restOnDemand().families;
      },
      get library() {
        return restOnDemand().library;
      },
    },
  };
}

const load = <File extends keyof StoredFiles>(folder: string, file: File) =>
  deserialize(readFileSync(join(folder, file))) as StoredFiles[File];
