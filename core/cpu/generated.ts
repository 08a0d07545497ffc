import { Decoder } from '../isa/decoder.js';
import { loadRows } from '../isa/rows/index.js';
import type { RowSet } from '../isa/rows/index.js';
import type { OpTable } from './ops.js';
import { buildOpTable } from './ops.js';
import { rareModule } from './rare.js';
import { tierOneModule } from './tier-one.js';
import { compileOptimised } from './wasm/compile.js';
import { helperModule, helperSignatures } from './x87/index.js';

/** Everything that depends on the rows only: the same for every CPU, made when it is first needed. */
export class Generated {
  readonly rowSet: RowSet = loadRows();
  readonly ops: OpTable = buildOpTable(this.rowSet.rows);
  readonly decoder = new Decoder(this.rowSet.rows);
  readonly #families = new Map<string, WebAssembly.Module>();
  #tierOne: WebAssembly.Module | undefined;
  #library: WebAssembly.Module | undefined;

  /** `tierOneBytes` are those that `tierOneBytes()` made at build time; without them they are made now. */
  constructor(private readonly prebuilt?: Uint8Array) {}

  tierOneBytes(): Uint8Array {
    return this.prebuilt ?? tierOneModule(this.ops, helperSignatures);
  }

  get tierOne(): WebAssembly.Module {
    return (this.#tierOne ??= compileOptimised(this.tierOneBytes()));
  }

  /** The rare forms of one family of rows. */
  family(name: string): WebAssembly.Module {
    let module = this.#families.get(name);
    if (!module) {
      const forms = this.ops.forms.filter(({ row }) => this.rowSet.families.get(row) === name);
      module = new WebAssembly.Module(rareModule(forms, helperSignatures));
      this.#families.set(name, module);
    }
    return module;
  }

  get library(): WebAssembly.Module {
    return (this.#library ??= new WebAssembly.Module(helperModule()));
  }
}

// Compiled code has no state of its own, so all CPUs of a process share it.
let shared: Generated | undefined;
export const sharedGenerated = (prebuilt?: Uint8Array) => (shared ??= new Generated(prebuilt));
