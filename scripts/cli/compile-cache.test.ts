import { expect } from 'chai';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { findCache, identity, shippedCache, storeUserCache, userCache } from './compile-cache.js';

describe('the cache of what V8 has compiled', () => {
  const folder = mkdtempSync(join(tmpdir(), 'halfcell-cache-'));
  const bundle = join(folder, 'bundle.cjs');
  const before = process.env['XDG_CACHE_HOME'];
  beforeEach(() => {
    process.env['XDG_CACHE_HOME'] = join(folder, 'home');
    writeFileSync(identity(bundle), '1');
  });
  afterEach(() => {
    if (before === undefined) delete process.env['XDG_CACHE_HOME'];
    else process.env['XDG_CACHE_HOME'] = before;
  });
  after(() => rmSync(folder, { recursive: true }));

  it('is the shipped one where it is of this V8', () => {
    writeFileSync(shippedCache(bundle), 'shipped');
    expect(findCache(bundle)).to.deep.equal({ cache: shippedCache(bundle) });
    rmSync(shippedCache(bundle));
  });

  it('is the user’s own otherwise, once it is stored', () => {
    const { missing } = findCache(bundle);
    expect(missing).to.equal(userCache(bundle));
    storeUserCache(missing!, Buffer.from('compiled'));
    expect(findCache(bundle)).to.deep.equal({ cache: missing });
    expect(readFileSync(missing!, 'utf8')).to.equal('compiled');
  });

  it('belongs to one bundle: another one replaces it', () => {
    const old = userCache(bundle);
    storeUserCache(old, Buffer.from('old'));
    writeFileSync(identity(bundle), '2');
    expect(findCache(bundle).missing).to.equal(userCache(bundle)).and.not.equal(old);
    storeUserCache(userCache(bundle), Buffer.from('new'));
    expect(existsSync(old)).to.equal(false);
  });

  it('is not looked for where nobody knows which bundle it is', () => {
    rmSync(identity(bundle));
    expect(findCache(bundle)).to.deep.equal({});
  });

  it('is left out where its folder cannot be made', () => {
    process.env['XDG_CACHE_HOME'] = identity(bundle);
    storeUserCache(userCache(bundle), Buffer.from('compiled'));
    expect(findCache(bundle).cache).to.equal(undefined);
  });
});
