import { existsSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname } from 'node:path';
import { Script } from 'node:vm';
import type * as Bundle from './bundle.js';

type BundleModule = typeof Bundle;
const PARAMETERS = 'exports,require,module,__filename,__dirname,HALFCELL_IMPORT';

/** The bundle of the command line, a CommonJS module, and what V8 compiled of it when it was built. */
export class CachedProgram {
  readonly module: BundleModule;
  readonly #script: Script;

  constructor(private readonly path: string) {
    this.#script = this.#compile();
    const module = { exports: {} };
    const body = this.#script.runInThisContext() as (...values: unknown[]) => void;
    // A script from V8's cache cannot import by itself.
    const load = (specifier: string) => import(specifier);
    body(module.exports, createRequire(path), module, path, dirname(path), load);
    this.module = module.exports as BundleModule;
  }

  /** The functions that have run by now, compiled, for the next process of the same V8. */
  get compiled(): Buffer {
    return this.#script.createCachedData();
  }

  #compile(): Script {
    const cache = `${this.path}.cache`;
    const source = `(function(${PARAMETERS}){${readFileSync(this.path, 'utf8')}\n})`;
    const cachedData = existsSync(cache) ? { cachedData: readFileSync(cache) } : {};
    return new Script(source, { filename: this.path, ...cachedData });
  }
}
