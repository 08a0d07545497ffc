import { expect } from 'chai';
import { Body } from './body.js';
import { signedLeb128, signedLeb128Big } from './encode.js';
import { i64 } from './expr.js';
import { ModuleBuilder } from './module.js';

describe('ModuleBuilder', () => {
  it('writes a module whose function adds', () => {
    const body = new Body(['i64', 'i64']);
    body.do(i64.add(body.get(body.parameter(0)), body.get(body.parameter(1))));
    const module = new ModuleBuilder();
    module.add({ parameters: ['i64', 'i64'], results: ['i64'] }, body, 'add');
    const { exports } = new WebAssembly.Instance(new WebAssembly.Module(module.bytes()));
    expect((exports['add'] as (a: bigint, b: bigint) => bigint)(2n, 40n)).to.equal(42n);
  });

  it('encodes signed numbers by their sign bit', () => {
    expect(signedLeb128(64)).to.deep.equal([0xc0, 0]);
    expect(signedLeb128(-64)).to.deep.equal([0x40]);
    expect(signedLeb128Big(-(2n ** 63n)).length).to.equal(10);
  });
});
