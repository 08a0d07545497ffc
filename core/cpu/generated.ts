import { Decoder } from '../isa/decoder.js';
import { loadRows } from '../isa/rows/index.js';
import type { RowSet } from '../isa/rows/index.js';
import type { OpTable } from './ops.js';
import { buildOpTable } from './ops.js';
import { rareModule } from './rare.js';
import { tierOneModule } from './tier-one.js';
import { compileOptimised } from './wasm/compile.js';
import { helperModule, helperSignatures } from './x87/index.js';

/** Modules that depend on the rows only, made at build time to save making them again. */
export interface PrebuiltCode {
  /** As bytes, or compiled already. */
  readonly tierOne: Uint8Array | WebAssembly.Module;
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
  #library: WebAssembly.Module | undefined;

  constructor(private readonly prebuilt?: PrebuiltCode) {}

  get tierOne(): WebAssembly.Module {
    return (this.#tierOne ??= this.#compileTierOne());
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
    return tierOneModule(this.ops, helperSignatures);
  }

  #compileTierOne(): WebAssembly.Module {
    const { tierOne } = this.prebuilt ?? {};
    return tierOne instanceof WebAssembly.Module ? tierOne : compileOptimised(tierOne ?? this.tierOneBytes());
  }
}

// Compiled code has no state of its own, so all CPUs of a process share it.
let shared: Generated | undefined;
export const sharedGenerated = (prebuilt?: PrebuiltCode) => (shared ??= new Generated(prebuilt));

/** All modules as bytes, for `CpuOptions.prebuilt`. */
export function generateCode(): PrebuiltCode & { readonly tierOne: Uint8Array } {
  const generated = sharedGenerated();
  const names = [...new Set(generated.rowSet.families.values())];
  return {
    tierOne: generated.tierOneBytes(),
    families: new Map(names.map((name) => [name, generated.familyBytes(name)])),
    library: helperModule(),
  };
}
