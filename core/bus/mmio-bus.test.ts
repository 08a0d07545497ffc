import { expect } from 'chai';
import { HostError } from '../errors/host-error.js';
import { createMachineHooks } from '../hooks/machine-hooks.js';
import { tapIn } from '../hooks/untap.js';
import { Scope } from '../lifecycle/scope.js';
import { MmioBus } from './mmio-bus.js';

const RAM_BYTES = 0x10_0000;
const BASE = 0xfee0_0000;

function setUp() {
  const hooks = createMachineHooks();
  return { hooks, mmio: new MmioBus(hooks, RAM_BYTES) };
}

function recorder() {
  const writes: unknown[][] = [];
  return {
    writes,
    read: (offset: number) => offset,
    write: (...access: unknown[]) => void writes.push(access),
  };
}

describe('MmioBus', () => {
  it('reads all ones where nobody answers, at every width', () => {
    const { mmio } = setUp();
    expect(mmio.read(BASE, 1)).to.equal(0xffn);
    expect(mmio.read(BASE, 8)).to.equal(0xffff_ffff_ffff_ffffn);
  });

  it('hands offset, size and value to the claim', () => {
    const { mmio } = setUp();
    const device = recorder();
    mmio.claim(BASE, 0x1000, device);
    mmio.write(BASE + 0xb0, 8, 0x1234_5678_9abc_def0n);
    expect(device.writes).to.deep.equal([[0xb0, 8, 0x1234_5678_9abc_def0n]]);
    expect(mmio.read(BASE + 0x20, 4)).to.equal(0x20n);
  });

  it('splits an access that straddles the end of a claim', () => {
    const { mmio } = setUp();
    mmio.claim(BASE, 2, recorder());
    expect(mmio.read(BASE + 1, 2)).to.equal(0xff01n);
  });

  it('refuses RAM, overlaps and what is no range', () => {
    const { mmio } = setUp();
    mmio.inScope(new Scope('apic')).claim(BASE, 0x1000, recorder());
    expect(() => mmio.claim(RAM_BYTES - 1, 2, recorder())).to.throw(HostError, /MEMORY_TAKEN.*ram/);
    expect(() => mmio.claim(BASE + 0xfff, 1, recorder())).to.throw(HostError, /MEMORY_TAKEN.*apic/);
    expect(() => mmio.claim(-1, 1, recorder())).to.throw(HostError, 'MEMORY_RANGE');
    expect(() => mmio.claim(2 ** 52, 1, recorder())).to.throw(HostError, 'MEMORY_RANGE');
  });

  it('asks taps before the claim', () => {
    const { hooks, mmio } = setUp();
    const device = recorder();
    mmio.claim(BASE, 0x1000, device);
    const scope = new Scope('tracer');
    tapIn(scope, hooks.mmioRead, { name: 'tracer' }, (physical) => (physical === BASE ? -1n : undefined));
    tapIn(scope, hooks.mmioWrite, { name: 'tracer' }, () => true);
    mmio.write(BASE, 4, 1n);
    expect(mmio.read(BASE, 4)).to.equal(0xffff_ffffn);
    expect(mmio.read(BASE + 4, 4)).to.equal(4n);
    expect(device.writes).to.deep.equal([]);
  });

  it('lists RAM and owners by address', () => {
    const { mmio } = setUp();
    mmio.inScope(new Scope('apic')).claim(BASE, 0x1000, recorder());
    expect(mmio.list().map(({ owner }) => owner)).to.deep.equal(['ram', 'apic']);
  });
});
