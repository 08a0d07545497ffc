import { expect } from 'chai';
import { CODE, createCpuBench, DATA } from './testing/bench.js';

const [RAX, RCX, RBX] = [0, 1, 3] as const;
const TABLE = 0x4000;
const NX = 1n << 63n;
const [PRESENT, WRITABLE, USER, ACCESSED, DIRTY] = [1n, 2n, 4n, 0x20n, 0x40n];

/** A bench whose linear 0x40_0000.. is mapped by 4 KiB pages through a table at `TABLE`. */
function withTable() {
  const faults: [number, number, bigint][] = [];
  const bench = createCpuBench({
    bus: {
      exception: (vector, code, cr2) => {
        faults.push([vector, code, vector === 14 ? cr2 : 0n]);
        bench.cpu.requestExit();
        return true;
      },
    },
  });
  bench.memory.write64(0x3000 + 2 * 8, BigInt(TABLE) | 7n);
  const map = (page: number, entry: bigint) => bench.memory.write64(TABLE + page * 8, entry);
  const toUser = () => {
    bench.registers.cpl = 3;
    bench.registers.setSegment('cs', { selector: 0x2b, base: 0n, limit: 0xffffffff, attributes: 0xa0fb });
  };
  return { ...bench, faults, map, toUser };
}

/** Runs one instruction that accesses 0x40_0123 through rbx. */
function access(bench: ReturnType<typeof withTable>, hex: string) {
  bench.load(hex);
  bench.registers.rip = BigInt(CODE);
  bench.registers.set(RBX, 0x40_0123n);
  bench.cpu.run(1);
  return bench.faults.at(-1);
}

const LOAD = '8b 03';
const STORE = '89 03';

describe('paging', () => {
  it('sets accessed on a read and dirty on a write', () => {
    const bench = withTable();
    bench.map(0, BigInt(DATA) | PRESENT | WRITABLE);
    expect(access(bench, LOAD)).to.equal(undefined);
    expect(bench.memory.read64(TABLE)).to.equal(BigInt(DATA) | PRESENT | WRITABLE | ACCESSED);
    expect(access(bench, STORE)).to.equal(undefined);
    expect(bench.memory.read64(TABLE)).to.equal(BigInt(DATA) | PRESENT | WRITABLE | ACCESSED | DIRTY);
  });

  const cases: [string, string, bigint, boolean, number][] = [
    ['a page that is not there', LOAD, 0n, false, 0],
    ['a write to a read-only page, in ring 0 too (WP)', STORE, PRESENT, false, 3],
    ['a user access to a supervisor page', LOAD, PRESENT | WRITABLE, true, 5],
    ['a user write to a read-only page', STORE, PRESENT | USER, true, 7],
    ['a reserved bit', LOAD, PRESENT | (1n << 45n), false, 9],
  ];
  for (const [title, instruction, entry, user, code] of cases) {
    it(`faults on ${title} with code ${code}`, () => {
      const bench = withTable();
      bench.map(0, BigInt(DATA) | entry);
      if (user) bench.toUser();
      expect(access(bench, instruction)).to.deep.equal([14, code, 0x40_0123n]);
      expect(bench.registers.rip).to.equal(BigInt(CODE));
    });
  }

  it('faults on execution of a page marked NX, at the target', () => {
    const bench = withTable();
    bench.map(0, BigInt(DATA) | PRESENT | NX);
    bench.load('ff e3');
    bench.registers.set(RBX, 0x40_0000n);
    bench.cpu.run(2);
    expect(bench.faults).to.deep.equal([[14, 0x11, 0x40_0000n]]);
    expect(bench.registers.rip).to.equal(0x40_0000n);
  });

  it('faults in the second page of an access across a border, and stores nothing in the first', () => {
    const bench = withTable();
    bench.map(0, BigInt(DATA) | PRESENT | WRITABLE);
    bench.load('48 89 03');
    bench.registers.set(RBX, 0x40_0ffcn);
    bench.registers.set(RAX, -1n);
    bench.cpu.run(1);
    expect(bench.faults).to.deep.equal([[14, 2, 0x40_1000n]]);
    expect(bench.memory.read32(DATA + 0xffc)).to.equal(0);
  });

  it('faults in the second page of an instruction across a border', () => {
    const bench = withTable();
    bench.map(0, BigInt(DATA) | PRESENT);
    bench.load('48 b8 00', DATA + 0xffd);
    bench.registers.rip = 0x40_0ffdn;
    bench.cpu.run(1);
    expect(bench.faults).to.deep.equal([[14, 0x10, 0x40_1000n]]);
    expect(bench.registers.rip).to.equal(0x40_0ffdn);
  });

  it('keeps a translation until invlpg', () => {
    const bench = withTable();
    bench.map(0, BigInt(DATA) | PRESENT | WRITABLE);
    access(bench, LOAD);
    bench.map(0, 0n);
    expect(access(bench, LOAD)).to.equal(undefined);
    access(bench, '0f 01 3b');
    expect(access(bench, LOAD)).to.deep.equal([14, 0, 0x40_0123n]);
  });

  for (const [kind, global, isKept] of [
    ['a', 0n, false],
    ['a global', 0x100n, true],
  ] as const) {
    it(`${isKept ? 'keeps' : 'forgets'} ${kind} translation when CR3 is written`, () => {
      const bench = withTable();
      bench.map(0, BigInt(DATA) | PRESENT | WRITABLE | global);
      access(bench, LOAD);
      bench.map(0, 0n);
      bench.registers.set(RAX, bench.registers.cr3);
      access(bench, '0f 22 d8');
      expect(access(bench, LOAD)).to.deep.equal(isKept ? undefined : [14, 0, 0x40_0123n]);
    });
  }

  it('forgets global translations too when CR4 is written', () => {
    const bench = withTable();
    bench.map(0, BigInt(DATA) | PRESENT | WRITABLE | 0x100n);
    access(bench, LOAD);
    bench.map(0, 0n);
    bench.registers.set(RAX, bench.registers.cr4);
    access(bench, '0f 22 e0');
    expect(access(bench, LOAD)).to.deep.equal([14, 0, 0x40_0123n]);
  });

  it('forgets more translations than it counts when CR3 is written', () => {
    const bench = withTable();
    bench.map(0, BigInt(DATA) | PRESENT | WRITABLE);
    for (let i = 0; i < 2000; i++) {
      access(bench, LOAD);
      access(bench, '0f 01 3b');
    }
    access(bench, LOAD);
    bench.map(0, 0n);
    bench.registers.set(RAX, bench.registers.cr3);
    access(bench, '0f 22 d8');
    expect(access(bench, LOAD)).to.deep.equal([14, 0, 0x40_0123n]);
  });

  it('raises #GP for an address that is not canonical, #SS through rsp', () => {
    const bench = withTable();
    bench.load('8b 03');
    bench.registers.set(RBX, 1n << 47n);
    bench.cpu.run(1);
    bench.load('8b 04 24');
    bench.registers.set(4, 1n << 47n);
    bench.cpu.run(1);
    expect(bench.faults).to.deep.equal([
      [13, 0, 0n],
      [12, 0, 0n],
    ]);
  });

  it('runs code of one physical page at two addresses', () => {
    const bench = withTable();
    bench.map(0, BigInt(DATA) | PRESENT);
    bench.map(5, BigInt(DATA) | PRESENT);
    bench.load('48 8d 05 00 00 00 00 eb f7', DATA + 0x10);
    for (const at of [0x40_0010n, 0x40_5010n]) {
      bench.registers.rip = at;
      bench.cpu.run(3);
      expect(bench.registers.get(RAX)).to.equal(at + 7n);
      expect(bench.registers.rip).to.equal(at + 7n);
    }
  });

  it('resumes a repeated copy where it faulted', () => {
    const bench = withTable();
    bench.map(0, BigInt(DATA) | PRESENT | WRITABLE);
    bench.load('f3 a4');
    bench.registers.set(6, BigInt(DATA + 0x2000));
    bench.registers.set(7, 0x40_0f00n);
    bench.registers.set(RCX, 0x200n);
    bench.cpu.run(1);
    expect(bench.faults).to.deep.equal([[14, 2, 0x40_1000n]]);
    expect(bench.registers.get(RCX)).to.equal(0x100n);
    expect(bench.registers.get(7)).to.equal(0x40_1000n);
  });

  it('translates for TypeScript as for the guest', () => {
    const bench = withTable();
    bench.map(0, BigInt(DATA) | PRESENT | USER);
    const found = bench.memory.translate(0x40_0123n, bench.registers.cr3);
    expect(found).to.deep.equal({
      physical: DATA + 0x123,
      writable: false,
      user: true,
      executable: true,
      pageBytes: 4096,
    });
    expect(bench.memory.translateUser(0x40_0123, 0x1000, false)).to.equal(DATA + 0x123);
    expect(bench.memory.translateUser(0x40_0123, 0x1000, true)).to.equal(-1);
    expect(bench.memory.translate(0x40_1000n, bench.registers.cr3)).to.equal(undefined);
    expect(bench.memory.writeLinear(0x40_0ffen, Uint8Array.of(1, 2, 3))).to.equal(false);
    expect(bench.memory.read16(DATA + 0xffe)).to.equal(0);
  });
});
