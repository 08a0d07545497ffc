import type { Form } from '../isa/forms.js';
import { emitForm } from './emitter/prelude.js';
import type { RareFrame } from './emitter/record-emitter.js';
import type { HelperSignatures } from './emitter/record-emitter.js';
import { HelperImports, RareEmitter } from './emitter/record-emitter.js';
import { Status } from './layout.js';
import { Body } from './wasm/body.js';
import { i32 } from './wasm/expr.js';
import { ModuleBuilder } from './wasm/module.js';

const ONE_TO_ONE = { parameters: ['i32'], results: ['i32'] } as const;

/** Each form as a function (record) => status, which the module puts into the table `forms` under the form's id. */
export function rareModule(
  forms: readonly Form[],
  signatures: HelperSignatures,
  tableSize: number,
): Uint8Array<ArrayBuffer> {
  const module = new ModuleBuilder();
  const slowFunction = module.importFunction('slow', ONE_TO_ONE);
  const commitFunction = module.importFunction('commit', { parameters: [], results: [] });
  const systemFunction = module.importFunction('system', { parameters: ['i32', 'i32'], results: ['i32'] });
  module.importMemory('memory', 1);
  module.importTable('forms', tableSize);
  const helpers = new HelperImports(systemFunction + 1, signatures);
  const bodies = forms.map((form) =>
    formBody(form, { slowFunction, commitFunction, systemFunction, helpers }),
  );
  helpers.import(module);
  forms.forEach(({ id }, i) => module.setElement(id, module.add(ONE_TO_ONE, bodies[i]!)));
  return module.bytes();
}

function formBody(form: Form, frame: RareFrame): Body {
  const body = new Body(['i32']);
  emitForm(new RareEmitter(body, form, frame));
  body.do(i32.const(Status.next));
  return body;
}
