import { expect } from 'chai';
import { CODE, DATA, STACK } from './testing/bench.js';
import { createTablesBench, GDT, HANDLERS, IDT, TSS } from './testing/tables.js';

const [RAX, RBX, RSP] = [0, 3, 4] as const;
const [NMI, UD, DF, TS, NP, SS, GP, PF] = [2, 6, 8, 10, 11, 12, 13, 14] as const;
const IF = 0x200n;
const IRQ = 0x20;

const withIrq = () => createTablesBench({ bus: { acknowledgeInterrupt: () => IRQ } });

/** Goes on with an iret. */
function returnFrom(bench: ReturnType<typeof createTablesBench>): void {
  bench.load('48 cf', 0x3_0000);
  bench.registers.rip = 0x3_0000n;
}

describe('interrupts', () => {
  it('wait for the instruction behind sti', () => {
    const { cpu, load, runToHandler } = withIrq();
    load('fb 90 90');
    cpu.setInterruptLine(true);
    expect(runToHandler()).to.include({ vector: IRQ, rip: BigInt(CODE + 2) });
  });

  it('do not wait behind sti when they were enabled before', () => {
    const { cpu, load, registers, runToHandler } = withIrq();
    load('fb 90 90');
    registers.rflags |= IF;
    cpu.run(1);
    cpu.setInterruptLine(true);
    expect(runToHandler()).to.include({ vector: IRQ, rip: BigInt(CODE + 1) });
  });

  for (const [name, hex] of [
    ['mov ss', '8e d0'],
    ['lss', '0f b2 03'],
  ] as const) {
    it(`wait for the instruction behind ${name}`, () => {
      const { cpu, load, memory, registers, runToHandler } = withIrq();
      registers.set(RAX, 0x10n);
      registers.set(RBX, BigInt(DATA));
      memory.write64(DATA, 0x10n << 32n);
      registers.rflags |= IF;
      load(`${hex} 90 90`);
      cpu.run(1);
      cpu.setInterruptLine(true);
      const length = hex.split(' ').length;
      expect(runToHandler()).to.include({ vector: IRQ, rip: BigInt(CODE + length + 1) });
    });
  }

  it('push RF between two iterations of a repeated instruction', () => {
    const { cpu, load, registers, runToHandler } = withIrq();
    load('f3 aa f4');
    registers.rflags |= IF;
    registers.set(7, BigInt(DATA));
    registers.set(1, 0x2_0000n);
    cpu.run(1);
    cpu.setInterruptLine(true);
    const frame = runToHandler();
    expect(frame.rip).to.equal(BigInt(CODE));
    expect(frame.flags & 0x1_0000n).to.equal(0x1_0000n);
  });
});

describe('NMI', () => {
  it('comes whatever IF says, between instructions', () => {
    const { cpu, load, runToHandler } = createTablesBench();
    load('90 90');
    cpu.run(1);
    cpu.raiseNmi();
    expect(runToHandler()).to.include({ vector: NMI, rip: BigInt(CODE + 1) });
  });

  it('wakes a halted processor', () => {
    const { cpu, load, runToHandler } = createTablesBench();
    load('f4 90');
    expect(cpu.run(5)).to.equal('halt');
    cpu.raiseNmi();
    expect(runToHandler()).to.include({ vector: NMI, rip: BigInt(CODE + 1) });
  });

  it('waits for iret while another is handled, and is remembered once', () => {
    const bench = createTablesBench();
    const { cpu, load, runToHandler, registers } = bench;
    load('90 90 f4');
    cpu.raiseNmi();
    runToHandler();
    cpu.raiseNmi();
    cpu.raiseNmi();
    load('90 48 cf', HANDLERS + NMI * 16 + 1);
    // nop and iret of the first, then the second comes.
    expect(runToHandler()).to.include({ vector: NMI, rip: BigInt(CODE) });
    returnFrom(bench);
    expect(cpu.run(10)).to.equal('halt');
    expect(registers.rip).to.equal(BigInt(CODE + 3));
  });

  it('waits behind mov ss', () => {
    const { cpu, load, registers, runToHandler } = createTablesBench();
    registers.set(RAX, 0x10n);
    load('8e d0 90 90');
    cpu.run(1);
    cpu.raiseNmi();
    expect(runToHandler()).to.include({ vector: NMI, rip: BigInt(CODE + 3) });
  });

  it('comes before an interrupt', () => {
    const { cpu, load, registers, runToHandler } = withIrq();
    load('90');
    registers.rflags |= IF;
    cpu.setInterruptLine(true);
    cpu.raiseNmi();
    expect(runToHandler().vector).to.equal(NMI);
  });

  it('is still held back after a snapshot', () => {
    const bench = createTablesBench();
    const { cpu, load, registers } = bench;
    load('90 f4');
    cpu.raiseNmi();
    bench.runToHandler();
    cpu.restore(structuredClone(cpu.save()));
    load('90 f4', HANDLERS + NMI * 16 + 1);
    cpu.raiseNmi();
    expect(cpu.run(10)).to.equal('halt');
    expect(registers.rip).to.equal(BigInt(HANDLERS + NMI * 16 + 3));
  });
});

describe('INT1', () => {
  it('passes a gate that int 1 may not, and leaves DR6 alone', () => {
    const { load, setGate, toUser, runToHandler, execute, registers } = createTablesBench();
    setGate(1, 0x8e00n);
    toUser();
    load('f1');
    expect(runToHandler()).to.include({ vector: 1, rip: BigInt(CODE + 1) });
    execute('0f 21 f1');
    expect(registers.get(1)).to.equal(0xffff_0ff0n);
  });

  it('is refused as int 1', () => {
    const { load, setGate, toUser, runToHandler } = createTablesBench();
    setGate(1, 0x8e00n);
    toUser();
    load('cd 01');
    expect(runToHandler()).to.include({ vector: GP, code: 10n });
  });
});

/** Instructions that raise one exception each, in ring 0. */
const RAISES: Record<number, (bench: ReturnType<typeof createTablesBench>) => void> = {
  0: ({ load }) => load('f7 f1'),
  [UD]: ({ load }) => load('0f 0b'),
  [NP]: ({ load, memory, registers }) => {
    memory.write64(GDT + 0x38, 0x00cf_1300_0000_ffffn);
    registers.set(RAX, 0x38n);
    load('8e d8');
  },
  [SS]: ({ load, memory, registers }) => {
    memory.write64(GDT + 0x38, 0x00cf_1300_0000_ffffn);
    registers.set(RAX, 0x38n);
    load('8e d0');
  },
  [GP]: ({ load, registers }) => {
    registers.set(RAX, 0xf00n);
    load('8e d8');
  },
  [PF]: ({ load, memory, registers }) => {
    memory.write64(0x3000 + 3 * 8, 0n);
    registers.set(RBX, 0x60_0000n);
    load('8b 03');
  },
};

/** What makes the delivery of the first exception raise another. */
const BREAKS: Record<number, (bench: ReturnType<typeof createTablesBench>, vector: number) => void> = {
  [NP]: ({ setGate }, vector) => setGate(vector, 0x6e00n),
  [GP]: ({ setGate }, vector) => setGate(vector, 0x8500n),
  [TS]: ({ setGate, registers }, vector) => {
    setGate(vector, 0x8e01n);
    registers.setSegment('tr', { selector: 0x30, base: BigInt(TSS), limit: 0x20, attributes: 0x8b });
  },
  [PF]: ({ setGate, memory }, vector) => {
    setGate(vector, 0x8e01n);
    memory.write64(0x3000 + 3 * 8, 0n);
    memory.write64(TSS + 0x24, 0x60_1000n);
  },
};

describe('a second exception during delivery', () => {
  const benign = [UD] as const;
  const contributory = [0, NP, SS, GP] as const;
  const second = [NP, GP, TS, PF] as const;

  const expectation = (first: number, then: number) => {
    if (benign.includes(first as 6)) return then;
    if (first === PF) return DF;
    return then === PF ? PF : DF;
  };

  for (const first of [...benign, ...contributory, PF])
    for (const then of second)
      it(`${then} after ${first} is ${expectation(first, then) === DF ? 'a double fault' : 'delivered by itself'}`, () => {
        const bench = createTablesBench();
        RAISES[first]!(bench);
        BREAKS[then]!(bench, first);
        const frame = bench.runToHandler();
        expect(frame.vector).to.equal(expectation(first, then));
        if (frame.vector === DF) expect(frame.code).to.equal(0n);
      });

  it('marks its error code as external', () => {
    const bench = createTablesBench();
    RAISES[UD]!(bench);
    BREAKS[NP]!(bench, UD);
    expect(bench.runToHandler()).to.include({ vector: NP, code: BigInt(UD * 8 + 3) });
  });

  it('does not for int n', () => {
    const bench = createTablesBench();
    bench.load('cd 80');
    BREAKS[NP]!(bench, 0x80);
    expect(bench.runToHandler()).to.include({ vector: NP, code: BigInt(0x80 * 8 + 2) });
  });

  it('leaves the address of the second page fault in CR2', () => {
    const bench = createTablesBench();
    RAISES[PF]!(bench);
    BREAKS[PF]!(bench, PF);
    bench.runToHandler();
    // The first word that is pushed.
    expect(bench.registers.cr2).to.equal(0x60_1000n - 8n);
  });

  it('ends everything when the double fault cannot be delivered either', () => {
    const bench = createTablesBench();
    RAISES[GP]!(bench);
    BREAKS[NP]!(bench, GP);
    BREAKS[NP]!(bench, DF);
    expect(bench.cpu.run(10)).to.equal('tripleFault');
  });

  it('is a triple fault without any table', () => {
    const { cpu, load, registers } = createTablesBench();
    registers.idtr = { base: BigInt(IDT), limit: 0 };
    load('0f 0b');
    expect(cpu.run(10)).to.equal('tripleFault');
  });

  it('saves a double fault on a stack of its own', () => {
    const bench = createTablesBench();
    const { memory, registers, setGate } = bench;
    setGate(DF, 0x8e02n);
    memory.write64(TSS + 0x2c, BigInt(STACK + 0x1000));
    registers.set(RSP, 0x60_2000n);
    RAISES[PF]!(bench);
    const frame = bench.runToHandler();
    expect(frame.vector).to.equal(DF);
    expect(registers.get(RSP)).to.equal(BigInt(STACK + 0x1000 - 48));
  });
});
