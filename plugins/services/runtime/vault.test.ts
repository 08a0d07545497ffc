import { expect } from 'chai';
import { MockMachine } from './testing/mock-machine.js';
import { Vault } from './vault.js';

describe('a vault', () => {
  const os = new MockMachine().bootstrap();
  const reopened = (vault: Vault) => new Vault(os, vault.fds).read();

  it('holds nothing at first, and takes no note before a snapshot', () => {
    const vault = new Vault(os);
    expect(reopened(vault)).to.equal(undefined);
    expect(vault.note('lost')).to.equal(false);
    expect(reopened(vault)).to.equal(undefined);
  });

  it('holds the last snapshot and the notes since, for whoever opens it', () => {
    const vault = new Vault(os);
    vault.replace({ files: 1 });
    vault.replace({ files: 2, name: 'ä' });
    expect([vault.note(['a']), vault.note(['b', 2])]).to.deep.equal([true, true]);
    expect(reopened(vault)).to.deep.equal({ snapshot: { files: 2, name: 'ä' }, records: [['a'], ['b', 2]] });
    const heir = new Vault(os, vault.fds);
    expect(heir.note('c')).to.equal(true);
    expect(reopened(heir)).to.have.property('records').with.length(3);
  });

  it('carries snapshots of more than one call', () => {
    const vault = new Vault(os);
    const large = 'x'.repeat(200_000);
    vault.replace(large);
    expect(reopened(vault)).to.deep.equal({ snapshot: large, records: [] });
  });

  it('asks for a snapshot when its notes become many, or one is too long', () => {
    const vault = new Vault(os);
    vault.replace('small');
    expect(vault.note('y'.repeat(60_000))).to.equal(false);
    let notes = 0;
    while (vault.note('z'.repeat(1000))) notes++;
    expect(notes).to.be.within(50, 70);
    vault.replace('again');
    expect(vault.note('more')).to.equal(true);
    expect(reopened(vault)).to.deep.equal({ snapshot: 'again', records: ['more'] });
  });
});
