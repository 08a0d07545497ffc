import { Decoder } from '../isa/decoder.js';
import { loadRows } from '../isa/rows/index.js';
import type { RowSet } from '../isa/rows/index.js';
import type { OpTable } from './ops.js';
import { buildOpTable } from './ops.js';
import { rareModule } from './rare.js';
import { tierOneModule } from './tier-one.js';
import { compileInBackground, compileQuickly } from './wasm/compile.js';
import { helperModule, helperSignatures } from './x87/index.js';

/** Modules that depend on the rows only, made at build time to save making them again. */
export interface PrebuiltCode {
  readonly tierOne: Uint8Array;
  /** Rare forms by the name of their family. */
  readonly families: ReadonlyMap<string, Uint8Array>;
  readonly library: Uint8Array;
}

/** Everything that depends on the rows only: the same for every CPU, made when it is first needed. */
export class Generated {
  readonly rowSet: RowSet = loadRows();
  readonly ops: OpTable = buildOpTable(this.rowSet.rows);
  readonly decoder = new Decoder(this.rowSet.rows);
  readonly #families = new Map<string, WebAssembly.Module>();
  #tierOne: WebAssembly.Module | undefined;
  #optimised: Promise<WebAssembly.Module> | undefined;
  #library: WebAssembly.Module | undefined;
  #bytes: Uint8Array | undefined;

  constructor(private readonly prebuilt?: PrebuiltCode) {}

  /** Compiled quickly, to start with. */
  get tierOne(): WebAssembly.Module {
    return (this.#tierOne ??= compileQuickly(this.tierOneBytes()));
  }

  /** Tier 1 again, optimised, for those that run for longer. */
  get optimisedTierOne(): Promise<WebAssembly.Module> {
    return (this.#optimised ??= compileInBackground(this.tierOneBytes()));
  }

  /** The rare forms of one family of rows. */
  family(name: string): WebAssembly.Module {
    let module = this.#families.get(name);
    if (!module) {
      module = new WebAssembly.Module(this.prebuilt?.families.get(name) ?? this.familyBytes(name));
      this.#families.set(name, module);
    }
    return module;
  }

  get library(): WebAssembly.Module {
    return (this.#library ??= new WebAssembly.Module(this.prebuilt?.library ?? helperModule()));
  }

  familyBytes(name: string): Uint8Array {
    const forms = this.ops.forms.filter(({ row }) => this.rowSet.families.get(row) === name);
    return rareModule(forms, helperSignatures);
  }

  tierOneBytes(): Uint8Array {
    return (this.#bytes ??= this.prebuilt?.tierOne ?? tierOneModule(this.ops, helperSignatures));
  }
}

// Compiled code has no state of its own, so all CPUs of a process share it.
let shared: Generated | undefined;
export const sharedGenerated = (prebuilt?: PrebuiltCode) => (shared ??= new Generated(prebuilt));

/** All modules as bytes, for `CpuOptions.prebuilt`. */
export function generateCode(): PrebuiltCode {
  const generated = sharedGenerated();
  const names = [...new Set(generated.rowSet.families.values())];
  return {
    tierOne: generated.tierOneBytes(),
    families: new Map(names.map((name) => [name, generated.familyBytes(name)])),
    library: helperModule(),
  };
}
