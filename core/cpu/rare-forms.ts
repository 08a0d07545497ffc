import type { Generated } from './generated.js';
import { Field, FORM_OF_OP, Status } from './layout.js';
import type { Linker } from './linker.js';
import { formsByOp } from './ops.js';
import { rareExport } from './rare.js';
import { REGION_SLOTS } from './tier-two/tier-two.js';
import type { CpuState } from './state.js';
import { Body, call } from './wasm/body.js';
import { i32 } from './wasm/expr.js';
import { ModuleBuilder } from './wasm/module.js';

const FORM = { parameters: ['i32'], results: ['i32'] } as const;

/** Rare forms, linked a family at a time: until then the table leads to a function that links. */
export class RareForms {
  readonly table: WebAssembly.Table;
  #linker: Linker | undefined;

  constructor(
    private readonly generated: Generated,
    private readonly state: CpuState,
  ) {
    const { ops } = generated;
    this.table = new WebAssembly.Table({ element: 'anyfunc', initial: ops.forms.length + REGION_SLOTS });
    this.state.u16.set(formsByOp(ops), FORM_OF_OP >> 1);
    const stub = new WebAssembly.Instance(new WebAssembly.Module(stubModule()), {
      env: { link: (record: number) => this.#need(record) },
    });
    for (let id = 0; id < ops.forms.length; id++) this.table.set(id, stub.exports['stub']);
  }

  useLinker(linker: Linker): void {
    this.#linker = linker;
  }

  #need(record: number): void {
    const { ops, rowSet } = this.generated;
    const op = this.state.u16[(record + Field.op) >> 1]!;
    const id = op >= ops.rareBase ? op - ops.rareBase : this.state.u16[(FORM_OF_OP >> 1) + op]!;
    this.#link(rowSet.families.get(ops.forms[id]!.row)!);
  }

  #link(family: string): void {
    const { ops, rowSet } = this.generated;
    const { exports } = this.#linker!.link(this.generated.family(family));
    for (const form of ops.forms) {
      if (rowSet.families.get(form.row) === family) this.table.set(form.id, exports[rareExport(form)]);
    }
  }
}

function stubModule(): Uint8Array<ArrayBuffer> {
  const module = new ModuleBuilder();
  const link = module.importFunction('link', { parameters: ['i32'], results: [] });
  const body = new Body(['i32']);
  body.do(call(link, 'none', body.get(body.parameter(0))));
  body.do(i32.const(Status.linked));
  module.add(FORM, body, 'stub');
  return module.bytes();
}
