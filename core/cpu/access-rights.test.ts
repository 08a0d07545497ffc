import { expect } from 'chai';
import { ControlBit } from './control-bits.js';
import { CODE, createCpuBench, DATA } from './testing/bench.js';

const [RAX, RCX, RDX, RBX] = [0, 1, 2, 3] as const;
const TABLE = 0x4000;
const [PRESENT, WRITABLE, USER] = [1n, 2n, 4n];
const USER_PAGE = BigInt(DATA) | PRESENT | WRITABLE | USER;
const AC = 0x4_0000n;
const [PF, GP, UD] = [14, 13, 6] as const;
const AT = 0x40_0123n;
const [LOAD, STORE] = ['8b 03', '89 03'] as const;
const [CLAC, STAC, WRPKRU, RDPKRU] = ['0f 01 ca', '0f 01 cb', '0f 01 ef', '0f 01 ee'] as const;

/** A bench whose linear 0x40_0000 is one 4 KiB page; everything else is for everybody as before. */
function withPage(entry: bigint, cr4Bits: number) {
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
  const { cpu, registers, memory, load } = bench;
  memory.write64(0x3000 + 2 * 8, BigInt(TABLE) | 7n);
  memory.write64(TABLE, entry);
  // Code and tables belong to the supervisor, or SMEP would forbid every instruction.
  memory.write64(0x3000, 0x83n);
  registers.cr4 |= BigInt(cr4Bits);
  registers.set(RBX, AT);
  const run = (hex: string) => {
    faults.length = 0;
    load(hex);
    registers.rip = BigInt(CODE);
    cpu.run(1);
    return faults[0];
  };
  const toUser = () => {
    memory.write64(0x3000, 0x87n);
    cpu.flushTlb();
    registers.cpl = 3;
    registers.setSegment('cs', { selector: 0x2b, base: 0n, limit: 0xffffffff, attributes: 0xa0fb });
  };
  return { ...bench, faults, run, toUser };
}

describe('SMEP', () => {
  it('faults when ring 0 executes a user page, at the target, with code 17', () => {
    const { cpu, load, registers, faults } = withPage(USER_PAGE, ControlBit.SMEP);
    load('ff e3');
    cpu.run(2);
    expect(faults).to.deep.equal([[PF, 0x11]]);
    expect(registers.rip).to.equal(AT);
    expect(registers.cr2).to.equal(AT);
  });

  it('leaves data, and pages of the supervisor, alone', () => {
    expect(withPage(USER_PAGE, ControlBit.SMEP).run(LOAD)).to.equal(undefined);
  });
});

describe('SMAP', () => {
  it('faults when ring 0 reads or writes a user page', () => {
    const { run } = withPage(USER_PAGE, ControlBit.SMAP);
    expect(run(LOAD)).to.deep.equal([PF, 1]);
    expect(run(STORE)).to.deep.equal([PF, 3]);
  });

  it('opens user pages between stac and clac, with nothing kept behind', () => {
    const { run, registers } = withPage(USER_PAGE, ControlBit.SMAP);
    expect(run(STAC)).to.equal(undefined);
    expect(registers.rflags & AC).to.equal(AC);
    expect(run(LOAD)).to.equal(undefined);
    expect(run(STORE)).to.equal(undefined);
    run(CLAC);
    expect(run(LOAD)).to.deep.equal([PF, 1]);
  });

  it('does not open them to the accesses of the processor itself', () => {
    const { run, registers } = withPage(USER_PAGE, ControlBit.SMAP);
    run(STAC);
    registers.gdtr = { base: 0x40_0000n, limit: 0xfff };
    // mov ds, ecx reads a descriptor.
    registers.set(RCX, 8n);
    expect(run('8e d9')).to.deep.equal([PF, 1]);
  });

  it('is nothing to ring 3, or to pages of the supervisor', () => {
    const bench = withPage(USER_PAGE, ControlBit.SMAP);
    bench.toUser();
    expect(bench.run(LOAD)).to.equal(undefined);
    expect(withPage(USER_PAGE & ~USER, ControlBit.SMAP).run(LOAD)).to.equal(undefined);
  });

  it('does not bind TypeScript', () => {
    const { memory } = withPage(USER_PAGE, ControlBit.SMAP);
    memory.write32(DATA + 0x123, 7);
    expect([...memory.readLinear(AT, 4)!]).to.deep.equal([7, 0, 0, 0]);
  });
});

describe('UMIP', () => {
  const cases: [string, string][] = [
    ['sgdt', '0f 01 03'],
    ['sidt', '0f 01 0b'],
    ['sldt', '0f 00 c0'],
    ['str', '0f 00 c8'],
    ['smsw', '0f 01 e0'],
  ];
  for (const [name, hex] of cases) {
    it(`forbids ${name} to ring 3 only`, () => {
      const bench = withPage(USER_PAGE, ControlBit.UMIP);
      expect(bench.run(hex)).to.equal(undefined);
      bench.toUser();
      expect(bench.run(hex)).to.deep.equal([GP, 0]);
    });
  }
});

describe('protection keys', () => {
  const KEY = 5n;
  const keyed = USER_PAGE | (KEY << 59n);
  const deny = (bits: number) => BigInt(bits << (Number(KEY) * 2));

  function withRights(bits: number, entry = keyed) {
    const bench = withPage(entry, ControlBit.PKE);
    expect(bench.run(LOAD)).to.equal(undefined);
    bench.registers.set(RAX, deny(bits));
    bench.registers.set(RCX, 0n);
    bench.registers.set(RDX, 0n);
    expect(bench.run(WRPKRU)).to.equal(undefined);
    return bench;
  }

  it('forbid access with code 33 plus the rest', () => {
    const bench = withRights(1);
    expect(bench.run(LOAD)).to.deep.equal([PF, 0x21]);
    bench.toUser();
    expect(bench.run(STORE)).to.deep.equal([PF, 0x27]);
  });

  it('forbid writing alone', () => {
    const bench = withRights(2);
    expect(bench.run(LOAD)).to.equal(undefined);
    expect(bench.run(STORE)).to.deep.equal([PF, 0x23]);
  });

  it('bind writes of ring 0 only while CR0.WP is set', () => {
    const bench = withRights(2);
    bench.registers.cr0 &= ~0x1_0000n;
    expect(bench.run(STORE)).to.equal(undefined);
    bench.toUser();
    expect(bench.run(STORE)).to.deep.equal([PF, 0x27]);
  });

  it('are nothing to pages of the supervisor', () =>
    expect(withRights(3, keyed & ~USER).run(STORE)).to.equal(undefined));

  it('are read back by rdpkru', () => {
    const bench = withRights(3);
    bench.registers.set(RAX, 0n);
    bench.run(RDPKRU);
    expect(bench.registers.get(RAX)).to.equal(deny(3));
  });

  it('do not exist while CR4.PKE is clear', () => {
    const bench = withPage(keyed, 0);
    expect(bench.run(WRPKRU)).to.deep.equal([UD, 0]);
  });
});

describe('process contexts (PCID)', () => {
  const MOV_CR3_RAX = '0f 22 d8';
  const MOV_CR4_RAX = '0f 22 e0';

  it('let CR3 carry a number, and a bit to keep translations that is not stored', () => {
    const { run, registers } = withPage(USER_PAGE, ControlBit.PCIDE);
    registers.set(RAX, 0x1005n | (1n << 63n));
    expect(run(MOV_CR3_RAX)).to.equal(undefined);
    expect(registers.cr3).to.equal(0x1005n);
  });

  it('need the bit to be clear while CR4.PCIDE is', () => {
    const { run, registers } = withPage(USER_PAGE, 0);
    registers.set(RAX, 0x1000n | (1n << 63n));
    expect(run(MOV_CR3_RAX)).to.deep.equal([GP, 0]);
  });

  it('begin with number 0', () => {
    const { run, registers } = withPage(USER_PAGE, 0);
    registers.cr3 = 0x1005n;
    registers.set(RAX, registers.cr4 | BigInt(ControlBit.PCIDE));
    expect(run(MOV_CR4_RAX)).to.deep.equal([GP, 0]);
    registers.cr3 = 0x1000n;
    expect(run(MOV_CR4_RAX)).to.equal(undefined);
  });

  for (const [type, what] of [
    [0n, 'an address'],
    [1n, 'a context'],
    [2n, 'everything'],
    [3n, 'everything that is not global'],
  ] as const) {
    it(`are forgotten by invpcid: ${what}`, () => {
      const { run, registers, memory } = withPage(USER_PAGE, ControlBit.PCIDE);
      expect(run(LOAD)).to.equal(undefined);
      memory.write64(TABLE, 0n);
      expect(run(LOAD)).to.equal(undefined);
      memory.write64(DATA + 0x800, 0n);
      memory.write64(DATA + 0x808, AT);
      registers.set(RAX, type);
      registers.set(RCX, BigInt(DATA + 0x800));
      // invpcid rax, [rcx]
      expect(run('66 0f 38 82 01')).to.equal(undefined);
      expect(run(LOAD)).to.deep.equal([PF, 0]);
    });
  }
});

describe('bits of CR4 without a feature', () => {
  it('raise #GP', () => {
    const { run, registers } = withPage(USER_PAGE, 0);
    for (const bit of [13n, 14n, 19n, 23n, 24n, 32n]) {
      registers.set(RAX, registers.cr4 | (1n << bit));
      expect(run('0f 22 e0')).to.deep.equal([GP, 0]);
    }
  });
});
