import type { HelperSignatures } from '../emitter/record-emitter.js';
import { HelperImports } from '../emitter/record-emitter.js';
import { ModuleBuilder } from '../wasm/module.js';
import { regionFunction } from './region-function.js';
import type { Region } from './region.js';

const ONE_TO_ONE = { parameters: ['i32'], results: ['i32'] } as const;

export const regionExport = (index: number) => `r${index}`;

/** Each region as a function (budget) => budget left, exported under `regionExport`. */
export function regionModule(
  regions: readonly Region[],
  signatures: HelperSignatures,
): Uint8Array<ArrayBuffer> {
  const module = new ModuleBuilder();
  module.importMemory('memory', 1);
  const helpers = new HelperImports(0, signatures);
  const bodies = regions.map((region) => regionFunction(region, helpers));
  helpers.import(module);
  bodies.forEach((body, i) => module.add(ONE_TO_ONE, body, regionExport(i)));
  return module.bytes();
}
