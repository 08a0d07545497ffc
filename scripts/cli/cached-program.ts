import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname } from 'node:path';
import { Script } from 'node:vm';
import type * as Bundle from './bundle.js';
import { findCache, storeUserCache } from './compile-cache.js';
import { lazyRequire } from './lazy-require.js';

type BundleModule = typeof Bundle;
type Load = (specifier: string) => Promise<unknown>;

/**
 * What stands around the bundle in its file: loaded by `require` it is a module, and run as a script its value is a function with these
 * parameters. V8 gets the text as it is, without a copy; it has no character outside ASCII.
 */
export const BUNDLE_HEAD =
  "(function(body){return typeof module==='undefined'?body:body(exports,require,module,__filename,__dirname)})" +
  '((function(exports,require,module,__filename,__dirname,HALFCELL_IMPORT){';
export const BUNDLE_FOOT = '}))';

/** The bundle of the command line, and what V8 compiled of it when it was built or first run. */
export class CachedProgram {
  readonly module: BundleModule;
  readonly #script: Script;
  /** Where it is worth storing what V8 compiles now. */
  #missingCache: string | undefined;

  /** `load` is `import`, which a script from V8's cache lacks. */
  constructor(
    private readonly path: string,
    load: Load,
  ) {
    this.#script = this.#compile();
    const module = { exports: {} };
    const body = this.#script.runInThisContext() as (...values: unknown[]) => void;
    body(module.exports, lazyRequire(createRequire(path)), module, path, dirname(path), load);
    this.module = module.exports as BundleModule;
  }

  /** The functions that have run by now, compiled, for the next process of the same V8. */
  get compiled(): Buffer {
    return this.#script.createCachedData();
  }

  /** Called when a typical command has run. */
  storeCompiled(): void {
    if (this.#missingCache !== undefined) storeUserCache(this.#missingCache, this.compiled);
  }

  #compile(): Script {
    const { cache, missing } = findCache(this.path);
    this.#missingCache = missing;
    const cachedData = cache === undefined ? {} : { cachedData: readFileSync(cache) };
    return new Script(readFileSync(this.path, 'latin1'), { filename: this.path, ...cachedData });
  }
}
