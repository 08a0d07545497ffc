import type { RowSet } from '../isa/rows/index.js';
import type { Linker } from './linker.js';
import type { OpTable } from './ops.js';
import { rareExport, rareModule } from './rare.js';
import { helperSignatures } from './x87/index.js';

/** Rare forms, compiled a family at a time when the first of it is decoded. */
export class RareForms {
  readonly #ready: Uint8Array;

  constructor(
    private readonly rowSet: RowSet,
    private readonly ops: OpTable,
    private readonly table: WebAssembly.Table,
    private readonly linker: Linker,
  ) {
    this.#ready = new Uint8Array(ops.forms.length);
  }

  /** After this the table holds the form. */
  need(formId: number): void {
    if (this.#ready[formId] === 0)
      this.#compileFamily(this.rowSet.families.get(this.ops.forms[formId]!.row)!);
  }

  #compileFamily(family: string): void {
    const forms = this.ops.forms.filter(({ row }) => this.rowSet.families.get(row) === family);
    const { exports } = this.linker.link(new WebAssembly.Module(rareModule(forms, helperSignatures)));
    for (const form of forms) {
      this.table.set(form.id, exports[rareExport(form)]);
      this.#ready[form.id] = 1;
    }
  }
}
