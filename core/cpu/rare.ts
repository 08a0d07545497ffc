import type { Form } from '../isa/forms.js';
import { emitForm } from './emitter/prelude.js';
import { RareEmitter } from './emitter/record-emitter.js';
import { Status } from './layout.js';
import { Body } from './wasm/body.js';
import { i32 } from './wasm/expr.js';
import { ModuleBuilder } from './wasm/module.js';

const ONE_TO_ONE = { parameters: ['i32'], results: ['i32'] } as const;

export const rareExport = (form: Form) => `f${form.id}`;

/** Each form as a function (record) => status, exported under `rareExport`. */
export function rareModule(forms: readonly Form[]): Uint8Array<ArrayBuffer> {
  const module = new ModuleBuilder();
  const frame = {
    slowFunction: module.importFunction('slow', ONE_TO_ONE),
    commitFunction: module.importFunction('commit', { parameters: [], results: [] }),
    systemFunction: module.importFunction('system', { parameters: ['i32', 'i32'], results: ['i32'] }),
  };
  module.importMemory('memory', 1);
  for (const form of forms) {
    const body = new Body(['i32']);
    emitForm(new RareEmitter(body, form, frame));
    body.do(i32.const(Status.next));
    module.add(ONE_TO_ONE, body, rareExport(form));
  }
  return module.bytes();
}
