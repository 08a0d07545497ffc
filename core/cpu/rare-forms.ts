import type { Generated } from './generated.js';
import { Field, FORM_OF_OP, Status } from './layout.js';
import type { Linker } from './linker.js';
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
    const { count, byOp } = generated.forms;
    const stub = new WebAssembly.Instance(new WebAssembly.Module(stubModule()), {
      env: { link: (record: number) => this.#need(record) },
    });
    this.table = new WebAssembly.Table({ element: 'anyfunc', initial: count }, stub.exports['stub']);
    this.table.grow(REGION_SLOTS);
    this.state.u16.set(byOp, FORM_OF_OP >> 1);
  }

  useLinker(linker: Linker): void {
    this.#linker = linker;
    if (this.generated.start) linker.link(this.generated.start);
  }

  #need(record: number): void {
    const { rareBase, families, family } = this.generated.forms;
    const op = this.state.u16[(record + Field.op) >> 1]!;
    const id = op >= rareBase ? op - rareBase : this.state.u16[(FORM_OF_OP >> 1) + op]!;
    this.#linker!.link(this.generated.family(families[family[id]!]!));
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
