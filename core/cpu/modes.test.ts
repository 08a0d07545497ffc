import { expect } from 'chai';
import { enterProtectedMode } from '../loader/protected-mode.js';
import { CODE, createCpuBench, DATA, STACK } from './testing/bench.js';

const [RAX, RCX, RBX, RSP] = [0, 1, 3, 4] as const;
const GP = 13;
const CODE_32 = { selector: 0x20, base: 0n, limit: 0xffff_ffff, attributes: 0xc09b };
const FLAT_DATA = { selector: 0x10, base: 0n, limit: 0xffff_ffff, attributes: 0xc093 };
const GDT = 0xa1000;
const LMA = 0x400n;

type Bench = ReturnType<typeof createCpuBench> & { faults: [number, number][] };

function create(): Bench {
  const faults: [number, number][] = [];
  const bench = createCpuBench({
    bus: {
      exception: (vector, code) => {
        faults.push([vector, code]);
        bench.cpu.requestExit();
        return true;
      },
    },
  });
  return { ...bench, faults };
}

/** 32-bit protected mode with paging off, rip at `CODE`. */
function createProtected(): Bench {
  const bench = create();
  enterProtectedMode(bench.registers, CODE);
  bench.registers.set(RSP, BigInt(STACK));
  return bench;
}

/** In compatibility mode at a ring, with a GDT like that of 64-bit kernels. */
function createCompatible(ring: 0 | 3): Bench {
  const bench = create();
  const { registers, memory } = bench;
  const entries = [
    0n,
    0x00af_9b00_0000_ffffn, // 08 kernel code
    0x00cf_9300_0000_ffffn, // 10 kernel data
    0x00cf_fb00_0000_ffffn, // 18 user code of 32 bits
    0x00cf_f300_0000_ffffn, // 20 user data
    0x00af_fb00_0000_ffffn, // 28 user code
    0x0000_ec00_0008_0000n | BigInt(DATA & 0xffff) | (BigInt(DATA >> 16) << 48n), // 30 call gate
    0n,
    0x0000_890a_2000_0067n, // 40 task state at a2000
    0n,
  ];
  entries.forEach((entry, i) => memory.write64(GDT + i * 8, entry));
  registers.gdtr = { base: BigInt(GDT), limit: entries.length * 8 - 1 };
  registers.setSegment('tr', { selector: 0x40, base: 0xa2000n, limit: 0x67, attributes: 0x8b });
  memory.write64(0xa2004, BigInt(STACK - 0x1000));
  registers.setSegment('cs', { ...CODE_32, selector: 0x18 | ring, attributes: ring === 3 ? 0xc0fb : 0xc09b });
  registers.setSegment('ss', {
    ...FLAT_DATA,
    selector: 0x20 | ring,
    attributes: ring === 3 ? 0xc0f3 : 0xc093,
  });
  registers.cpl = ring;
  return bench;
}

describe('code segments', () => {
  it('keep what is decoded in one mode apart from the other', () => {
    const { cpu, load, registers } = create();
    load('40 48 ff c0 90'); // inc eax; dec eax; inc eax, or rex; inc rax
    cpu.run(1);
    expect(registers.get(RAX)).to.equal(1n);
    registers.setSegment('cs', CODE_32);
    registers.rip = BigInt(CODE);
    registers.set(RAX, 5n);
    cpu.run(2);
    expect(registers.get(RAX)).to.equal(5n);
    expect(registers.rip).to.equal(BigInt(CODE + 2));
  });

  it('with a base run and call by their offsets', () => {
    const { cpu, load, registers, memory } = createProtected();
    registers.setSegment('cs', { ...CODE_32, base: BigInt(CODE) });
    load('e8 0b 00 00 00', CODE + 0x10); // call 0x20
    load('c3', CODE + 0x20);
    registers.rip = 0x10n;
    cpu.run(1);
    expect(registers.rip).to.equal(0x20n);
    expect(memory.read32(STACK - 4)).to.equal(0x15);
    cpu.run(1);
    expect(registers.rip).to.equal(0x15n);
  });

  it('refuse a jump beyond their limit, and nothing has happened', () => {
    const { cpu, load, registers, faults } = createProtected();
    registers.setSegment('cs', { ...CODE_32, base: BigInt(CODE), limit: 0x1f });
    load('e8 0b 00 00 00', CODE + 0x10);
    registers.rip = 0x10n;
    cpu.run(1);
    expect(faults).to.deep.equal([[GP, 0]]);
    expect([registers.rip, registers.get(RSP)]).to.deep.equal([0x10n, BigInt(STACK)]);
  });

  it('end at their limit for what falls through', () => {
    const { cpu, load, registers, faults } = createProtected();
    registers.setSegment('cs', { ...CODE_32, base: BigInt(CODE), limit: 0x13 });
    load('40 40 40 b8 01 00 00 00', CODE + 0x10);
    registers.rip = 0x10n;
    cpu.run(10);
    expect(faults).to.deep.equal([[GP, 0]]);
    expect([registers.rip, registers.get(RAX)]).to.deep.equal([0x13n, 3n]);
  });

  it('wrap at 4 GiB', () => {
    const { cpu, load, registers } = createProtected();
    load('ff e0'); // jmp eax
    registers.set(RAX, 0x1_0000_0000n + BigInt(CODE));
    cpu.run(3);
    expect(registers.rip).to.equal(BigInt(CODE));
  });
});

describe('lgdt and lidt of protected mode', () => {
  const load = (hex: string) => {
    const bench = createProtected();
    bench.memory.write64(DATA, 0x8765_4321_0fffn);
    bench.load(`${hex} ${Buffer.from(Uint32Array.of(DATA).buffer).toString('hex')}`);
    bench.cpu.run(1);
    return bench.registers;
  };

  it('load 32 bits of the base, or 24 with operands of 16 bits', () => {
    expect(load('0f 01 15').gdtr).to.deep.equal({ base: 0x8765_4321n, limit: 0xfff });
    expect(load('66 0f 01 15').gdtr).to.deep.equal({ base: 0x65_4321n, limit: 0xfff });
    expect(load('66 0f 01 1d').idtr).to.deep.equal({ base: 0x65_4321n, limit: 0xfff });
  });
});

describe('IA-32e mode', () => {
  it('is left by switching paging off in compatibility mode', () => {
    const { cpu, load, registers } = createCompatible(0);
    load('0f 20 c0 25 ff ff ff 7f 0f 22 c0 40'); // PG off, inc eax
    cpu.run(4);
    expect(registers.efer & LMA).to.equal(0n);
    expect(registers.low(RAX) & 0xff).to.equal((Number(registers.cr0) & 0xff) + 1);
  });

  it('is not left in 64-bit mode, nor without PAE', () => {
    const bench = create();
    bench.load('0f 20 c0 25 ff ff ff 7f 0f 22 c0');
    bench.cpu.run(3);
    expect(bench.faults).to.deep.equal([[GP, 0]]);
    const other = createCompatible(0);
    other.load('0f 20 e0 24 df 0f 22 e0'); // PAE off
    other.cpu.run(3);
    expect(other.faults).to.deep.equal([[GP, 0]]);
  });

  it('is entered only with PAE', () => {
    const { cpu, load, registers, faults } = createProtected();
    registers.efer = 0x100n;
    load('0f 20 c0 0d 00 00 00 80 0f 22 c0');
    cpu.run(3);
    expect(faults).to.deep.equal([[GP, 0]]);
    expect(registers.cr0 & 0x8000_0000n).to.equal(0n);
  });

  it('takes syscall from 32-bit code to CSTAR, and sysret goes back', () => {
    const { cpu, load, registers } = createCompatible(3);
    registers.efer |= 1n;
    registers.star = 0x0010_0008_0000_0000n;
    registers.cstar = BigInt(DATA);
    load('0f 05 40');
    load('48 31 c0 0f 07', DATA); // xor rax, rax; sysretd
    registers.set(RAX, 7n);
    cpu.run(1);
    expect([registers.rip, registers.cpl, registers.get(RCX)]).to.deep.equal([
      BigInt(DATA),
      0,
      BigInt(CODE + 2),
    ]);
    registers.set(11, 2n);
    registers.star = 0x0008_0008_0000_0000n | (0x10n << 48n);
    cpu.run(2);
    expect(registers.segment('cs').selector & 3).to.equal(3);
    cpu.run(1);
    expect(registers.get(RAX)).to.equal(1n);
  });

  it('has call gates from 32-bit code at ring 3 to 64-bit code at ring 0', () => {
    const { cpu, load, registers, memory } = createCompatible(3);
    registers.set(RSP, 0x7_0000n);
    load('9a 00 00 00 00 30 00'); // call 30:0
    load('48 cb', DATA); // retfq
    cpu.run(1);
    expect([registers.rip, registers.cpl]).to.deep.equal([BigInt(DATA), 0]);
    const top = STACK - 0x1000 - 32;
    const frame = [0, 8, 16, 24].map((at) => Number(memory.read64(top + at)));
    expect(frame).to.deep.equal([CODE + 7, 0x1b, 0x7_0000, 0x23]);
    cpu.run(1);
    expect([registers.rip, registers.cpl, registers.get(RSP)]).to.deep.equal([
      BigInt(CODE + 7),
      3,
      0x7_0000n,
    ]);
  });
});

describe('PAE paging', () => {
  it('keeps its four pointers from one write of CR3 to the next', () => {
    const { cpu, load, registers, memory } = createProtected();
    const [pointers, directory] = [0x4000, 0x5000];
    memory.write64(pointers, BigInt(directory) | 1n);
    memory.write64(directory, 0x83n);
    registers.cr4 = 0x20n;
    registers.set(RAX, BigInt(pointers));
    registers.set(RBX, 0x8000_0001n);
    load('0f 22 d8 0f 22 c3 0f 20 d8 90 90'); // cr3, cr0, read cr3
    cpu.run(2);
    memory.write64(pointers, 0n);
    cpu.flushTlb();
    cpu.run(3);
    expect(registers.rip).to.equal(BigInt(CODE + 11));
  });

  it('refuses pointers with reserved bits', () => {
    const { cpu, load, registers, memory, faults } = createProtected();
    memory.write64(0x4000, 0x5003n);
    registers.cr4 = 0x20n;
    registers.set(RAX, 0x4000n);
    registers.set(RBX, 0x8000_0001n);
    load('0f 22 d8 0f 22 c3');
    cpu.run(2);
    expect(faults).to.deep.equal([[GP, 0]]);
    expect(registers.cr0 & 0x8000_0000n).to.equal(0n);
  });
});

describe('snapshots', () => {
  it('carry the mode', () => {
    const { cpu, load, registers } = createProtected();
    load('40 40 40');
    cpu.run(1);
    const saved = cpu.save();
    const other = create();
    other.cpu.restore(saved);
    other.cpu.run(1);
    expect(other.registers.get(RAX)).to.equal(2n);
    expect(registers.get(RAX)).to.equal(1n);
  });
});
