import { Decoder } from '../isa/decoder.js';
import { formName } from '../isa/forms.js';
import type { Form } from '../isa/forms.js';
import { loadRows } from '../isa/rows/index.js';
import type { RowSet } from '../isa/rows/index.js';
import { recordDecoder } from './decoder/index.js';
import type { DecodeRecord, RecordDecoder } from './decoder/index.js';
import { DECODE_TABLES } from './layout.js';
import { ModelRows } from './model-rows.js';
import { removeMissingRows } from './model.js';
import type { CpuModel } from './model.js';
import type { FormTable, OpTable } from './ops.js';
import { buildOpTable, formTable } from './ops.js';
import { pageWalkModule } from './page-walk.js';
import { rareModule } from './rare.js';
import { START_FORMS } from './start-forms.js';
import type { CpuState } from './state.js';
import { tierOneModule } from './tier-one.js';
import { compileAnyhow, compileInBackground, compileQuickly } from './wasm/compile.js';
import { setEngineFlags } from './wasm/engine-flags.js';
import { helperModule, helperSignatures } from './x87/index.js';

/** What depends on the rows only, made at build time to save making it again, and the rows with it. */
export interface PrebuiltCode {
  readonly tierOne: Uint8Array;
  /** Rare forms by the name of their family. */
  readonly families: ReadonlyMap<string, Uint8Array>;
  /** Those of all families that nearly every program uses. */
  readonly start: Uint8Array;
  readonly library: Uint8Array;
  readonly pageWalk: Uint8Array;
  readonly decoder: RecordDecoder;
  readonly forms: FormTable;
}

/** Everything that depends on the rows only: the same for every CPU, made when it is first needed. */
export class Generated {
  readonly #families = new Map<string, WebAssembly.Module>();
  readonly #modelRows = new Map<CpuModel, ModelRows>();
  #rowSet: RowSet | undefined;
  #ops: OpTable | undefined;
  #decoder: Decoder | undefined;
  #forms: FormTable | undefined;
  #recordDecoder: RecordDecoder | undefined;
  #decode: WebAssembly.Module | undefined;
  #start: WebAssembly.Module | undefined;
  #tierOne: WebAssembly.Module | undefined;
  #optimised: Promise<WebAssembly.Module> | undefined;
  #library: WebAssembly.Module | undefined;
  #pageWalk: WebAssembly.Module | undefined;
  #bytes: Uint8Array | undefined;

  constructor(private readonly prebuilt?: PrebuiltCode) {
    setEngineFlags();
  }

  get rowSet(): RowSet {
    return (this.#rowSet ??= loadRows());
  }

  get ops(): OpTable {
    return (this.#ops ??= buildOpTable(this.rowSet.rows));
  }

  get decoder(): Decoder {
    return (this.#decoder ??= new Decoder(this.rowSet.rows));
  }

  rowsOf(model: CpuModel): ModelRows {
    let rows = this.#modelRows.get(model);
    if (!rows) this.#modelRows.set(model, (rows = new ModelRows(this, model)));
    return rows;
  }

  get forms(): FormTable {
    return (this.#forms ??= this.prebuilt?.forms ?? formTable(this.ops, this.rowSet.families));
  }

  get recordDecoder(): RecordDecoder {
    return (this.#recordDecoder ??= this.prebuilt?.decoder ?? recordDecoder(this.rowSet.rows, this.ops));
  }

  /** Gives a processor what it needs to decode 64-bit code. */
  linkDecoder({ u8, memory }: CpuState, model: CpuModel): DecodeRecord {
    const { tables, module, rows } = this.recordDecoder;
    this.#decode ??= new WebAssembly.Module(module);
    u8.set(tables, DECODE_TABLES);
    if (model !== 'max') {
      const own = u8.subarray(DECODE_TABLES, DECODE_TABLES + tables.length);
      removeMissingRows(own, { rows }, this.rowSet, model);
    }
    const { exports } = new WebAssembly.Instance(this.#decode, { env: { memory } });
    return exports['decode'] as DecodeRecord;
  }

  /** Rare forms to start with; undefined where they would have to be made first. */
  get start(): WebAssembly.Module | undefined {
    return (this.#start ??= this.prebuilt && new WebAssembly.Module(this.prebuilt.start));
  }

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

  get pageWalk(): WebAssembly.Module {
    return (this.#pageWalk ??= compileAnyhow(this.prebuilt?.pageWalk ?? pageWalkModule()));
  }

  familyBytes(name: string): Uint8Array {
    return this.#rareBytes(({ row }) => this.rowSet.families.get(row) === name);
  }

  startBytes(): Uint8Array {
    return this.#rareBytes((form) => START_FORMS.has(formName(form)));
  }

  tierOneBytes(): Uint8Array {
    return (this.#bytes ??= this.prebuilt?.tierOne ?? tierOneModule(this.ops, helperSignatures));
  }

  #rareBytes(isMeant: (form: Form) => boolean): Uint8Array {
    const { forms } = this.ops;
    return rareModule(forms.filter(isMeant), helperSignatures, forms.length);
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
    start: generated.startBytes(),
    library: helperModule(),
    pageWalk: pageWalkModule(),
    decoder: generated.recordDecoder,
    forms: generated.forms,
  };
}
