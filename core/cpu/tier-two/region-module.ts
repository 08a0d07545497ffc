import type { HelperSignatures } from '../emitter/record-emitter.js';
import { HelperImports } from '../emitter/record-emitter.js';
import type { Body } from '../wasm/body.js';
import { ModuleBuilder } from '../wasm/module.js';
import { WALK } from '../page-walk.js';
import { PAGE_WALK } from './region-emitter.js';
import { regionFunction } from './region-function.js';
import type { Region } from './region.js';

const ONE_TO_ONE = { parameters: ['i32'], results: ['i32'] } as const;

export const regionExport = (index: number) => `r${index}`;

/** A module with each region as a function (budget) => budget left, exported under `regionExport`. */
export class RegionModule {
  readonly #helpers: HelperImports;
  readonly #bodies: Body[] = [];

  constructor(signatures: HelperSignatures) {
    this.#helpers = new HelperImports(PAGE_WALK + 1, signatures);
  }

  /** This is what takes time: the machine may run wherever it yields. */
  *adding(region: Region): Generator<void> {
    this.#bodies.push(yield* regionFunction(region, this.#helpers));
  }

  add(region: Region): void {
    const adding = this.adding(region);
    while (adding.next().done !== true);
  }

  bytes(): Uint8Array<ArrayBuffer> {
    const module = new ModuleBuilder();
    module.importFunction('walk', WALK);
    module.importMemory('memory', 1);
    this.#helpers.import(module);
    this.#bodies.forEach((body, i) => module.add(ONE_TO_ONE, body, regionExport(i)));
    return module.bytes();
  }
}
