import { expect } from 'chai';
import { createRequire } from 'node:module';
import { lazyRequire } from './lazy-require.js';

const real = createRequire(import.meta.url);

function createRecorder() {
  const loaded: string[] = [];
  const recorded = (specifier: string) => (loaded.push(specifier), real(specifier) as unknown);
  return { loaded, require: lazyRequire(recorded as NodeJS.Require) };
}

describe('lazyRequire', () => {
  it('loads a module of Node when something in it is used', () => {
    const { loaded, require } = createRecorder();
    const crypto = require('node:crypto') as typeof import('node:crypto');
    expect(loaded).to.deep.equal([]);
    expect(crypto.randomBytes(3)).to.have.length(3);
    expect(loaded).to.include('node:crypto');
  });

  it('answers with a module that can be listed and copied like the real one', () => {
    const module = createRecorder().require('node:os') as object;
    expect(Object.keys(module)).to.deep.equal(Object.keys(real('node:os') as object));
    expect({ ...module }).to.have.property('tmpdir');
  });

  it('loads everything else at once', () => {
    const { loaded, require } = createRecorder();
    require('node:fs');
    require('commander');
    expect(loaded).to.deep.equal(['node:fs', 'commander']);
  });
});
