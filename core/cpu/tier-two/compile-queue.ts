import type { HelperSignatures } from '../emitter/record-emitter.js';
import type { Linker } from '../linker.js';
import { compileInBackground, compileOptimised, compileQuickly } from '../wasm/compile.js';
import type { LiveRegion } from './live-regions.js';
import { regionExport, RegionModule } from './region-module.js';
import type { Region } from './region.js';
import { sizeOf } from './region.js';

/** Instructions that are compiled whatever it costs: the loops of a small program. */
const FREE_INSTRUCTIONS = 3000;
/** To compile one costs as much time as tier 1 needs for some 25,000: a program may spend about half as much on it as on itself. */
const RETIRED_FOR_ONE = 50_000;

/** The machine waits for so long at most, in milliseconds, or for one block. */
const LONGEST_TURN = 4;

/** Instructions of a module, unless it has one region only. */
const MOST_AT_ONCE = 400;

const COMPILERS = { optimised: compileOptimised, quickly: compileQuickly };

/** Lets the machine go on for a while. */
const aTurn = () => new Promise((resolve) => setImmediate(resolve));

/** Adds regions to a module, block by block. */
async function addInTurns(module: RegionModule, regions: readonly Region[]): Promise<void> {
  let since = performance.now();
  for (const region of regions) {
    const adding = module.adding(region);
    while (adding.next().done !== true) {
      if (performance.now() - since < LONGEST_TURN) continue;
      await aTurn();
      since = performance.now();
    }
  }
}

export interface CompileQueueParts {
  readonly signatures: HelperSignatures;
  readonly linker: () => Linker;
  /** Compiles while the machine waits. */
  readonly atOnce: 'optimised' | 'quickly' | false;
  /** Instructions retired since power-on. */
  retired(): number;
  install(live: LiveRegion, compiled: unknown): void;
}

/** Regions on their way to machine code. What becomes hot while some are compiled is compiled together afterwards. */
export class CompileQueue {
  #waiting: LiveRegion[] = [];
  #compiling = false;
  #instructions = 0;

  constructor(private readonly parts: CompileQueueParts) {}

  /** Whether the program has run for long enough to have more of it compiled. */
  get canAfford(): boolean {
    if (this.parts.atOnce) return true;
    return this.#instructions < FREE_INSTRUCTIONS + this.parts.retired() / RETIRED_FOR_ONE;
  }

  add(live: LiveRegion): void {
    this.#waiting.push(live);
    this.#instructions += sizeOf(live.region);
    const { atOnce } = this.parts;
    if (atOnce) this.#compileAtOnce(COMPILERS[atOnce]);
    else if (!this.#compiling) void this.#compileWaiting();
  }

  /** The shortest first: they need not wait until the long ones are compiled. */
  #takeWaiting(most = Infinity): LiveRegion[] {
    const waiting = this.#waiting.filter(({ dropped }) => !dropped);
    waiting.sort((a, b) => sizeOf(a.region) - sizeOf(b.region));
    let size = 0;
    const count = waiting.findIndex(({ region }, i) => (size += sizeOf(region)) > most && i > 0);
    this.#waiting = count < 0 ? [] : waiting.slice(count);
    return count < 0 ? waiting : waiting.slice(0, count);
  }

  async #compileWaiting(): Promise<void> {
    this.#compiling = true;
    try {
      await aTurn();
      while (this.#waiting.length > 0) {
        const batch = this.#takeWaiting(MOST_AT_ONCE);
        const module = new RegionModule(this.parts.signatures);
        await addInTurns(
          module,
          batch.map(({ region }) => region),
        );
        if (batch.length > 0) this.#link(batch, await compileInBackground(module.bytes()));
      }
    } finally {
      this.#compiling = false;
    }
  }

  #compileAtOnce(compile: (bytes: Uint8Array) => WebAssembly.Module): void {
    const batch = this.#takeWaiting();
    const module = new RegionModule(this.parts.signatures);
    for (const { region } of batch) module.add(region);
    if (batch.length > 0) this.#link(batch, compile(module.bytes()));
  }

  #link(batch: readonly LiveRegion[], module: WebAssembly.Module): void {
    const { exports } = this.parts.linker().link(module);
    batch.forEach((live, i) => {
      if (!live.dropped) this.parts.install(live, exports[regionExport(i)]);
    });
  }
}
