import { expect } from 'chai';
import { ControlBit } from '../control-bits.js';
import { Vector } from '../guest-fault.js';
import { CODE, createCpuBench, DATA, STACK } from '../testing/bench.js';
import { createTablesBench, GDT, HANDLERS, IDT, TSS } from '../testing/tables.js';

const [RAX, RCX, RBX, RDX, RSP] = [0, 1, 3, 2, 4] as const;
const R11 = 11;
const TF = 0x100n;
const INT3 = 0xcc;
const NON_CANONICAL = 0x8000_0000_0000_0000n;
const CODE_32 = { selector: 0x18, base: 0n, limit: 0xffff_ffff, attributes: 0xc09b };
/** A free entry of the table, and the last one that a limit leaves room for. */
const FREE = 0x40;
const LAST = 0xff8;

/** A descriptor of a TSS (9) or LDT (2) at `DATA`, with its upper half. */
function setSystemDescriptor(
  { memory }: ReturnType<typeof createTablesBench>,
  selector: number,
  type: bigint,
  upper = 0n,
): void {
  memory.write64(GDT + selector, 0x0000_8000_0000_0067n | (type << 40n) | (BigInt(DATA) << 16n));
  memory.write64(GDT + selector + 8, upper);
}

describe('ltr and lldt in IA-32e mode', () => {
  for (const [name, hex, type] of [
    ['ltr', '0f 00 d8', 9n],
    ['lldt', '0f 00 d0', 2n],
  ] as const) {
    const load = (selector: number, upper = 0n) => {
      const bench = createTablesBench();
      setSystemDescriptor(bench, selector, type, upper);
      bench.registers.set(RAX, BigInt(selector));
      bench.load(hex);
      return bench;
    };

    it(`${name} takes a descriptor of 16 bytes`, () => {
      const { cpu, registers } = load(FREE, 0xffff_8000n);
      cpu.run(1);
      const { base } = registers.segment(name === 'ltr' ? 'tr' : 'ldtr');
      expect(base).to.equal(0xffff_8000_0000_0000n + BigInt(DATA));
    });

    it(`${name} raises #GP where the table ends within the descriptor`, () => {
      const { vector, code } = load(LAST).runToHandler();
      expect([vector, code]).to.deep.equal([Vector.GP, BigInt(LAST)]);
    });

    it(`${name} raises #GP where the upper half has a type of its own, or the base is not canonical`, () => {
      expect(load(FREE, 0x0900n << 32n).runToHandler()).to.include({ vector: Vector.GP, code: BigInt(FREE) });
      expect(load(FREE, 0x8000_0000n).runToHandler()).to.include({ vector: Vector.GP, code: BigInt(FREE) });
    });
  }
});

describe('a call gate at the end of its table', () => {
  it('raises #GP with its own selector', () => {
    const bench = createTablesBench();
    const { load, memory, registers, runToHandler } = bench;
    memory.write64(GDT + LAST, 0x0000_8c00_0008_0000n);
    memory.write64(DATA, BigInt(LAST) << 32n);
    registers.set(RBX, BigInt(DATA));
    load('ff 1b'); // call far [rbx]
    expect(runToHandler()).to.include({ vector: Vector.GP, code: BigInt(LAST) });
  });
});

describe('a stack pointer that is not canonical', () => {
  for (const [name, hex] of [
    ['iretq', '48 cf'],
    ['iretw', '66 cf'],
    ['retf', 'cb'],
    ['call far', 'ff 1b'],
  ] as const) {
    it(`raises #SS(0) at ${name}`, () => {
      const { load, memory, registers, runToHandler } = createTablesBench();
      memory.write64(IDT + Vector.SS * 16, gateOnIst(Vector.SS));
      memory.write64(TSS + 0x24, BigInt(STACK));
      memory.write64(DATA, 8n << 32n);
      registers.set(RBX, BigInt(DATA));
      registers.set(RSP, NON_CANONICAL);
      load(hex);
      expect(runToHandler()).to.include({ vector: Vector.SS, code: 0n, rip: BigInt(CODE) });
    });
  }
});

/** Low half of an interrupt gate that switches to the first stack of the table. */
function gateOnIst(vector: number): bigint {
  const target = HANDLERS + vector * 16;
  return (BigInt(target >>> 16) << 48n) | (0xee01n << 32n) | (8n << 16n) | BigInt(target & 0xffff);
}

describe('delivery in IA-32e mode', () => {
  it('marks the code segment as accessed', () => {
    const { load, memory, runToHandler } = createTablesBench();
    memory.write64(GDT + 8, 0x00af_9a00_0000_ffffn);
    load('0f 0b');
    expect(runToHandler().vector).to.equal(Vector.UD);
    expect(memory.read64(GDT + 8)).to.equal(0x00af_9b00_0000_ffffn);
  });

  it('says that a selector behind the end of the table came from outside the program', () => {
    const { load, memory, runToHandler } = createTablesBench();
    memory.write64(IDT + Vector.UD * 16, gateOnIst(Vector.UD) | (0x2000n << 16n));
    load('0f 0b');
    expect(runToHandler()).to.include({ vector: Vector.GP, code: 0x2009n });
  });

  it('to ring 3 from ring 3 pushes with the rights of ring 3', () => {
    const { cpu, load, memory, registers, toUser, runToHandler } = createTablesBench();
    memory.write64(IDT + Vector.UD * 16, (gateOnIst(Vector.UD) & ~(7n << 32n)) | (0x20n << 16n));
    // The second 2 MiB belong to the supervisor.
    memory.write64(0x3000 + 8, 0x20_0083n);
    cpu.flushTlb();
    toUser();
    registers.set(RSP, 0x30_0000n);
    load('0f 0b');
    expect(runToHandler().vector).to.equal(Vector.PF);
  });
});

describe('a return that faults half way', () => {
  it('leaves the stack segment as it was where the code segment cannot be marked', () => {
    const { cpu, load, memory, registers, runToHandler } = createTablesBench();
    // Code of ring 3 that was never accessed, in a table that is read-only.
    memory.write64(GDT + 0x28, 0x00af_fa00_0000_ffffn);
    memory.write64(0x3000 + 8, 0x85n);
    registers.gdtr = { base: BigInt(GDT + 0x20_0000), limit: 0xfff };
    registers.cr0 |= 0x1_0000n;
    cpu.flushTlb();
    [BigInt(CODE), 0x2bn, 0x202n, BigInt(STACK), 0x23n].forEach((word, i) =>
      memory.write64(DATA + i * 8, word),
    );
    registers.set(RSP, BigInt(DATA));
    load('48 cf');
    const ss = registers.segment('ss');
    const { vector, rip } = runToHandler();
    expect([vector, rip, registers.segment('cs').selector]).to.deep.equal([Vector.PF, BigInt(CODE), 8]);
    expect(registers.segment('ss')).to.deep.equal(ss);
  });
});

describe('control and debug registers in compatibility mode', () => {
  const create = () => {
    const bench = createTablesBench();
    bench.registers.setSegment('cs', CODE_32);
    bench.registers.set(RAX, 0xffff_ffff_0000_0400n);
    return bench;
  };

  it('take the lower halves of general registers', () => {
    const { cpu, load, registers } = create();
    load('0f 23 f8'); // mov dr7, eax
    cpu.run(1);
    expect(registers.rip).to.equal(BigInt(CODE + 3));
  });

  it('give 32 bits', () => {
    const { cpu, load, registers } = create();
    registers.cr2 = 0x1234_5678_9abc_def0n;
    load('0f 20 d0'); // mov eax, cr2
    cpu.run(1);
    expect(registers.get(RAX)).to.equal(0x9abc_def0n);
  });
});

describe('sysret', () => {
  for (const [name, hex] of [
    ['to 64-bit code', '48 0f 07'],
    ['to 32-bit code', '0f 07'],
  ] as const) {
    it(`${name} raises #UD while EFER.SCE is clear`, () => {
      const { load, registers, runToHandler } = createTablesBench();
      registers.efer &= ~1n;
      load(hex);
      expect(runToHandler().vector).to.equal(Vector.UD);
    });
  }
});

describe('sysret to TF', () => {
  for (const [name, hex] of [
    ['sysret', '48 0f 07'],
    ['sysretd', '0f 07'],
  ] as const) {
    const returning = (flagsBefore: bigint, flags: bigint, code: string) => {
      const bench = createTablesBench();
      const { load, memory, registers } = bench;
      registers.star = 0x0018_0008_0000_0000n;
      registers.set(RCX, BigInt(DATA));
      registers.set(R11, flags);
      registers.rflags = flagsBefore;
      memory.write8(DATA, INT3);
      load(code);
      return bench.runToHandler();
    };

    it(`${name} traps behind itself where it sets TF`, () => {
      expect(returning(2n, TF | 2n, `90 90 ${hex}`)).to.include({ vector: Vector.DB, rip: BigInt(DATA) });
    });

    it(`${name} is the last single step, without a trap, where it clears TF`, () => {
      expect(returning(TF | 2n, 2n, hex).vector).to.equal(Vector.BP);
    });
  }
});

describe('mov to a segment register', () => {
  it('that is CS or does not exist is undefined before it reads its operand', () => {
    for (const reg of [1, 6, 7]) {
      const bench = createTablesBench();
      bench.registers.set(RBX, NON_CANONICAL);
      bench.load(`8e ${(0x03 | (reg << 3)).toString(16).padStart(2, '0')}`);
      expect(bench.runToHandler().vector).to.equal(Vector.UD);
    }
  });
});

describe('a far jump from 64-bit to 32-bit code', () => {
  it('raises #GP(0) for an offset beyond 4 GiB', () => {
    const bench = createTablesBench();
    const { load, memory, registers } = bench;
    memory.write64(GDT + FREE, 0x00cf_9b00_0000_ffffn);
    memory.write64(DATA, BigInt(CODE) + 0x1_0000_0000n);
    memory.write64(DATA + 8, BigInt(FREE));
    registers.set(RBX, BigInt(DATA));
    load('48 ff 2b');
    expect(bench.runToHandler()).to.include({ vector: Vector.GP, code: 0n, rip: BigInt(CODE) });
  });
});

describe('a model without AVX', () => {
  function withXsave(model: 'x86-64-v2' | 'max') {
    const bench = createCpuBench({ model, bus: { exception: () => (bench.cpu.requestExit(), true) } });
    bench.registers.cr4 |= BigInt(ControlBit.OSXSAVE);
    return bench;
  }

  it('has no AVX state either', () => {
    const shown = (model: 'x86-64-v2' | 'max') => withXsave(model).cpu.cpuid(0xd, 0).slice(0, 3);
    expect([shown('x86-64-v2'), shown('max')]).to.deep.equal([
      [3, 576, 576],
      [7, 576, 832],
    ]);
  });

  it('raises #GP where it is switched on', () => {
    const executed = (model: 'x86-64-v2' | 'max') => {
      const { cpu, load, registers } = withXsave(model);
      registers.set(RAX, 7n);
      registers.set(RCX, 0n);
      registers.set(RDX, 0n);
      load('0f 01 d1'); // xsetbv
      cpu.run(1);
      return registers.rip === BigInt(CODE + 3);
    };
    expect([executed('x86-64-v2'), executed('max')]).to.deep.equal([false, true]);
  });
});
