import { expect } from 'chai';
import { loadIsolatedVm } from './package.js';

describe('loadIsolatedVm', () => {
  const absent = Object.assign(new Error('no'), { code: 'ERR_MODULE_NOT_FOUND' });

  it('takes the newest package that loads', async () => {
    const asked: string[] = [];
    const load = async (name: string) => {
      asked.push(name);
      if (name !== 'isolated-vm-node22') throw absent;
      return name;
    };
    expect(await loadIsolatedVm(load)).to.equal('isolated-vm-node22');
    expect(asked).to.deep.equal(['isolated-vm', 'isolated-vm-node22']);
  });

  it('says what each package answered, and the remedy, when none loads', async () => {
    const load = async (name: string) => {
      throw name === 'isolated-vm' ? new Error('wrong NODE_MODULE_VERSION\nsecond line') : absent;
    };
    const failure = await loadIsolatedVm(load).then(undefined, (error: unknown) => error as Error);
    expect(failure).to.have.property('code', 'ISOLATES_MISSING');
    expect(failure).to.have.property('message').that.includes('isolated-vm: wrong NODE_MODULE_VERSION;');
    expect(failure).to.have.property('message').that.includes('isolated-vm-node20 is not installed');
    expect(failure).to.have.property('message').that.includes('npm ci');
  });
});
