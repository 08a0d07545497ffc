import type { Generated } from './generated.js';
import type { Linker } from './linker.js';
import { rareExport } from './rare.js';

/** Rare forms, linked a family at a time when the first of it is decoded. */
export class RareForms {
  readonly #ready: Uint8Array;

  constructor(
    private readonly generated: Generated,
    private readonly table: WebAssembly.Table,
    private readonly linker: Linker,
  ) {
    this.#ready = new Uint8Array(generated.ops.forms.length);
  }

  /** After this the table holds the form. */
  need(formId: number): void {
    if (this.#ready[formId] !== 0) return;
    const { forms } = this.generated.ops;
    const family = this.generated.rowSet.families.get(forms[formId]!.row)!;
    this.#link(family);
  }

  #link(family: string): void {
    const { ops, rowSet } = this.generated;
    const { exports } = this.linker.link(this.generated.family(family));
    for (const form of ops.forms) {
      if (rowSet.families.get(form.row) !== family) continue;
      this.table.set(form.id, exports[rareExport(form)]);
      this.#ready[form.id] = 1;
    }
  }
}
