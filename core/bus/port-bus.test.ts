import { expect } from 'chai';
import { HostError } from '../errors/host-error.js';
import { createMachineHooks } from '../hooks/machine-hooks.js';
import { tapKeyIn } from '../hooks/untap.js';
import { Scope } from '../lifecycle/scope.js';
import { PortBus } from './port-bus.js';

const byteRegisters = (registers: number[]) => ({
  read8: (offset: number) => registers[offset] ?? 0,
  write8: (offset: number, value: number) => void (registers[offset] = value),
});

function setUp() {
  const hooks = createMachineHooks();
  return { hooks, ports: new PortBus(hooks) };
}

describe('PortBus', () => {
  it('reads all ones where nobody answers, at every width', () => {
    const { ports } = setUp();
    expect([ports.read(0x80, 1), ports.read(0x80, 2), ports.read(0xfffe, 4)]).to.deep.equal([
      0xff, 0xffff, 0xffffffff,
    ]);
  });

  it('splits wide accesses of byte registers, lowest port first', () => {
    const { ports } = setUp();
    const registers = [0, 0, 0, 0];
    ports.claim(0x60, 4, byteRegisters(registers));
    ports.write(0x60, 4, 0x8432_1001);
    expect(registers).to.deep.equal([0x01, 0x10, 0x32, 0x84]);
    expect(ports.read(0x60, 4)).to.equal(0x8432_1001);
    expect(ports.read(0x61, 2)).to.equal(0x3210);
  });

  it('hands wide accesses to a handler that knows widths', () => {
    const { ports } = setUp();
    const seen: number[][] = [];
    const write = (...access: number[]) => void seen.push(access);
    ports.claim(0xcf8, 8, { read: (_offset, sizeBytes) => sizeBytes, write });
    ports.write(0xcfc, 2, 0xbeef);
    expect(ports.read(0xcf8, 4)).to.equal(4);
    expect(seen).to.deep.equal([[4, 2, 0xbeef]]);
  });

  it('splits an access that straddles the end of a claim', () => {
    const { ports } = setUp();
    ports.claim(0x60, 1, byteRegisters([0x12]));
    expect(ports.read(0x60, 2)).to.equal(0xff12);
    expect(ports.read(0x5f, 2)).to.equal(0x12ff);
  });

  it('refuses a second owner, naming port and owner, and takes nothing of the range', () => {
    const { ports } = setUp();
    ports.inScope(new Scope('serial16550')).claim(0x3f8, 8, byteRegisters([]));
    const mouse = ports.inScope(new Scope('mouse'));
    expect(() => mouse.claim(0x3f0, 0x10, byteRegisters([]))).to.throw(
      HostError,
      'PORT_TAKEN: port 0x3f8 already belongs to serial16550',
    );
    expect(ports.list()).to.deep.equal([{ base: 0x3f8, length: 8, owner: 'serial16550' }]);
  });

  it('refuses ports that do not exist', () => {
    expect(() => setUp().ports.claim(0xffff, 2, byteRegisters([]))).to.throw(HostError, 'PORT_RANGE');
  });

  it('returns a claim to the floating bus when it is undone', () => {
    const { ports } = setUp();
    const undo = ports.claim(0x60, 1, byteRegisters([0]));
    void undo();
    expect(ports.read8(0x60)).to.equal(0xff);
  });

  it('asks taps before the claim, and the claim when no tap answers', () => {
    const { hooks, ports } = setUp();
    const registers = [0x11];
    ports.claim(0x60, 1, byteRegisters(registers));
    let answer: number | undefined = 0x22;
    const scope = new Scope('tracer');
    tapKeyIn(scope, hooks.portIn, 0x60, { name: 'tracer' }, () => answer);
    tapKeyIn(scope, hooks.portOut, 0x60, { name: 'tracer' }, (_size, value) => value === 0x33 || undefined);
    expect(ports.read8(0x60)).to.equal(0x22);
    answer = undefined;
    expect(ports.read8(0x60)).to.equal(0x11);
    ports.write8(0x60, 0x33);
    expect(registers).to.deep.equal([0x11]);
    ports.write8(0x60, 0x44);
    expect(registers).to.deep.equal([0x44]);
  });

  it('names the owner of a handler that throws', () => {
    const { ports } = setUp();
    const broken = {
      read8(): never {
        throw new Error('chip on fire');
      },
      write8() {},
    };
    ports.inScope(new Scope('serial16550')).claim(0x3f8, 1, broken);
    expect(() => ports.read8(0x3f8)).to.throw(HostError, 'serial16550 threw at port 0x3f8: chip on fire');
  });
});
