import { expect } from 'chai';
import { ControlBit } from './control-bits.js';
import { CODE, DATA, STACK } from './testing/bench.js';
import { createTablesBench } from './testing/tables.js';

const [RAX, RCX, RBX, RSP, RSI, RDI] = [0, 1, 3, 4, 6, 7] as const;
const [DB, UD, GP, PF] = [1, 6, 13, 14] as const;
const [TF, RF, IF] = [0x100n, 0x1_0000n, 0x200n] as const;
const [BD, BS] = [0x2000n, 0x4000n] as const;
const [ON_EXECUTE, ON_WRITE, ON_PORT, ON_ACCESS] = [0, 1, 2, 3] as const;
const LENGTH = { 1: 0, 2: 1, 4: 3, 8: 2 } as const;
const INITIAL_DR6 = 0xffff_0ff0n;

function debugBench(bus: Parameters<typeof createTablesBench>[0] = {}) {
  const bench = createTablesBench(bus);
  const { registers, execute } = bench;
  const setDebug = (number: number, value: bigint) => {
    registers.set(RAX, value);
    execute(`0f 23 ${(0xc0 | (number << 3)).toString(16)}`);
  };
  const debug = (number: number) => {
    execute(`0f 21 ${(0xc1 | (number << 3)).toString(16)}`);
    return registers.get(RCX);
  };
  const arm = (number: number, at: number, condition: number, length: keyof typeof LENGTH = 1) => {
    setDebug(number, BigInt(at));
    const field = BigInt(condition | (LENGTH[length] << 2)) << BigInt(16 + number * 4);
    setDebug(7, debug(7) | (1n << BigInt(number * 2)) | field);
  };
  return { ...bench, setDebug, debug, arm };
}

describe('debug registers', () => {
  describe('as registers', () => {
    it('keep the bits that are fixed', () => {
      const { setDebug, debug } = debugBench();
      setDebug(6, 0xffff_ffffn);
      setDebug(7, 0xffff_ffffn & ~0x2000n);
      expect([debug(6), debug(7)]).to.deep.equal([0xffff_efffn, 0xffff_07ffn]);
    });

    it('raise #GP for a high half of DR6 and DR7 only', () => {
      const { load, registers, runToHandler, setDebug, debug } = debugBench();
      setDebug(3, 1n << 40n);
      expect(debug(3)).to.equal(1n << 40n);
      load('0f 23 f8');
      registers.set(RAX, 1n << 32n);
      expect(runToHandler().vector).to.equal(GP);
    });

    it('have aliases 4 and 5 only while CR4.DE is clear', () => {
      const { load, registers, runToHandler, debug } = debugBench();
      expect(debug(4)).to.equal(INITIAL_DR6);
      registers.cr4 |= BigInt(ControlBit.DE);
      load('0f 21 e0');
      expect(runToHandler().vector).to.equal(UD);
    });

    it('belong to ring 0', () => {
      const { load, toUser, runToHandler } = debugBench();
      toUser();
      load('0f 21 c0');
      expect(runToHandler().vector).to.equal(GP);
    });

    it('raise #DB when DR7.GD is set, before the access, and clear it', () => {
      const { load, runToHandler, setDebug, debug } = debugBench();
      setDebug(7, 0x2400n);
      load('90 0f 21 c0');
      const frame = runToHandler();
      expect([frame.vector, frame.rip]).to.deep.equal([DB, BigInt(CODE + 1)]);
      expect(debug(6)).to.equal(INITIAL_DR6 | BD);
      expect(debug(7)).to.equal(0x400n);
    });
  });

  describe('on execution', () => {
    it('raise #DB before the instruction', () => {
      const { load, registers, runToHandler, arm, debug } = debugBench();
      arm(1, CODE + 2, ON_EXECUTE);
      load('b0 01 b0 02 f4');
      const frame = runToHandler();
      expect(frame).to.include({ vector: DB, rip: BigInt(CODE + 2) });
      expect(registers.low(RAX) & 0xff).to.equal(1);
      expect(debug(6)).to.equal(INITIAL_DR6 | 2n);
    });

    it('raise it again when it returns without RF', () => {
      const { cpu, load, registers, runToHandler, arm } = debugBench();
      arm(0, CODE, ON_EXECUTE);
      load('90 90');
      expect(runToHandler().flags & RF).to.equal(0n);
      load('48 cf', 0x3_0000);
      registers.rip = 0x3_0000n;
      cpu.registers.rflags = 2n;
      expect(runToHandler()).to.include({ vector: DB, rip: BigInt(CODE) });
    });

    it('do not when iret brings RF, for that one time', () => {
      const { load, memory, registers, runToHandler, arm } = debugBench();
      arm(0, CODE, ON_EXECUTE);
      // Twice round.
      load('90 eb fd');
      runToHandler();
      memory.write64(Number(registers.get(RSP)) + 16, 2n | RF);
      load('48 cf', 0x3_0000);
      registers.rip = 0x3_0000n;
      const retired = registers.get(RSP);
      expect(runToHandler()).to.include({ vector: DB, rip: BigInt(CODE) });
      expect(registers.get(RSP)).to.equal(retired);
    });

    it('hit an instruction across a page border', () => {
      const { load, registers, runToHandler, arm } = debugBench();
      arm(0, CODE + 0xffe, ON_EXECUTE);
      load('b8 01 00 00 00', CODE + 0xffe);
      registers.rip = BigInt(CODE + 0xffe);
      expect(runToHandler()).to.include({ vector: DB, rip: BigInt(CODE + 0xffe) });
    });

    it('hit code that ran before they were armed', () => {
      const { cpu, load, registers, runToHandler, arm } = debugBench();
      load('90 90 eb fc');
      cpu.run(10);
      arm(2, CODE + 1, ON_EXECUTE);
      registers.rip = BigInt(CODE);
      expect(runToHandler()).to.include({ vector: DB, rip: BigInt(CODE + 1) });
    });

    it('hit a repeated instruction once, however often it pauses', () => {
      const { cpu, load, memory, registers, runToHandler, arm } = debugBench({ ramMiB: 4 });
      arm(0, CODE, ON_EXECUTE);
      load('f3 aa f4');
      registers.set(RDI, 0x10_0000n);
      registers.set(RCX, 0x4_0000n);
      runToHandler();
      memory.write64(Number(registers.get(RSP)) + 16, 2n | RF);
      load('48 cf', 0x3_0000);
      registers.rip = 0x3_0000n;
      expect(cpu.run(100)).to.equal('halt');
      expect(registers.rip).to.equal(BigInt(CODE + 3));
      expect(registers.rflags & RF).to.equal(0n);
    });

    it('are nothing once they are disarmed', () => {
      const { cpu, load, registers, arm, setDebug } = debugBench();
      arm(0, CODE, ON_EXECUTE);
      setDebug(7, 0x400n);
      load('90 f4');
      expect(cpu.run(5)).to.equal('halt');
      expect(registers.rip).to.equal(BigInt(CODE + 2));
    });
  });

  describe('on data', () => {
    it('raise #DB behind a write to any of the bytes', () => {
      const { load, memory, registers, runToHandler, arm, debug } = debugBench();
      arm(0, DATA, ON_WRITE, 4);
      registers.set(RBX, BigInt(DATA - 4));
      // mov eax, [rbx+4]; mov [rbx+8], al; mov [rbx+7], al; nop
      load('8b 43 04 88 43 08 88 43 07 90');
      expect(runToHandler()).to.include({ vector: DB, rip: BigInt(CODE + 9) });
      expect(debug(6)).to.equal(INITIAL_DR6 | 1n);
      expect(memory.read8(DATA + 3)).to.equal(registers.low(RAX) & 0xff);
    });

    it('see reads when they wait for any access', () => {
      const { load, registers, runToHandler, arm } = debugBench();
      arm(3, DATA, ON_ACCESS, 8);
      registers.set(RBX, BigInt(DATA + 7));
      load('8a 03 90');
      expect(runToHandler()).to.include({ vector: DB, rip: BigInt(CODE + 2) });
    });

    it('report several at once', () => {
      const { load, registers, runToHandler, arm, debug } = debugBench();
      arm(0, DATA, ON_WRITE, 8);
      arm(2, DATA + 4, ON_ACCESS, 4);
      registers.set(RBX, BigInt(DATA));
      load('48 89 03');
      runToHandler();
      expect(debug(6)).to.equal(INITIAL_DR6 | 5n);
    });

    it('align the address to the length', () => {
      const { load, registers, runToHandler, arm } = debugBench();
      arm(0, DATA + 3, ON_WRITE, 4);
      registers.set(RBX, BigInt(DATA));
      load('88 03');
      expect(runToHandler().vector).to.equal(DB);
    });

    it('stop a repeated copy behind the iteration', () => {
      const { load, registers, runToHandler, arm } = debugBench();
      arm(0, DATA + 0x10, ON_WRITE);
      registers.set(RSI, BigInt(DATA + 0x1000));
      registers.set(RDI, BigInt(DATA));
      registers.set(RCX, 0x20n);
      load('f3 a4 f4');
      expect(runToHandler()).to.include({ vector: DB, rip: BigInt(CODE) });
      expect(registers.get(RDI)).to.equal(BigInt(DATA + 0x11));
      expect(registers.get(RCX)).to.equal(0xfn);
    });

    it('see fxsave', () => {
      const { load, registers, runToHandler, arm } = debugBench();
      arm(0, DATA + 0x28, ON_WRITE);
      registers.set(RBX, BigInt(DATA));
      load('0f ae 03 90');
      expect(runToHandler()).to.include({ vector: DB, rip: BigInt(CODE + 3) });
    });

    it('do not stop for what TypeScript accesses', () => {
      const { cpu, load, memory, arm } = debugBench();
      arm(0, DATA, ON_WRITE);
      memory.notifyLinearAccess(BigInt(DATA), 1, 'write');
      load('90 f4');
      expect(cpu.run(5)).to.equal('halt');
      expect(cpu.registers.rip).to.equal(BigInt(CODE + 2));
    });

    it('count for nothing when the instruction faults', () => {
      const { load, memory, registers, runToHandler, arm, debug } = debugBench();
      arm(0, DATA, ON_ACCESS, 8);
      memory.write64(0x3000 + 3 * 8, 0n);
      registers.set(RSI, BigInt(DATA));
      registers.set(RDI, 0x60_0000n);
      load('a4');
      expect(runToHandler().vector).to.equal(PF);
      expect(debug(6)).to.equal(INITIAL_DR6);
    });
  });

  describe('on ports', () => {
    const ports = { bus: { portIn: () => 0x5a, portOut: () => undefined } };

    it('raise #DB behind the access while CR4.DE is set', () => {
      const { load, registers, runToHandler, arm, debug } = debugBench(ports);
      registers.cr4 |= BigInt(ControlBit.DE);
      arm(1, 0x60, ON_PORT, 2);
      load('e4 62 e4 61 90');
      expect(runToHandler()).to.include({ vector: DB, rip: BigInt(CODE + 4) });
      expect(debug(6)).to.equal(INITIAL_DR6 | 2n);
    });

    it('are undefined, and do nothing, while it is clear', () => {
      const { cpu, load, registers, arm } = debugBench(ports);
      arm(1, 0x60, ON_PORT);
      load('e4 60 f4');
      cpu.run(5);
      expect(registers.rip).to.equal(BigInt(CODE + 3));
    });
  });
});

describe('single steps', () => {
  it('end behind each iteration of a repeated instruction', () => {
    const { load, registers, runToHandler } = debugBench();
    registers.rflags |= TF;
    registers.set(RSI, BigInt(DATA + 0x1000));
    registers.set(RDI, BigInt(DATA));
    registers.set(RCX, 3n);
    load('f3 a4');
    expect(runToHandler()).to.include({ vector: DB, rip: BigInt(CODE) });
    expect([registers.get(RDI), registers.get(RCX)]).to.deep.equal([BigInt(DATA + 1), 2n]);
  });

  it('end in #DB behind each instruction, with DR6.BS', () => {
    const { load, registers, runToHandler, debug } = debugBench();
    load('90 90');
    registers.rflags |= TF;
    const frame = runToHandler();
    expect(frame).to.include({ vector: DB, rip: BigInt(CODE + 1) });
    expect(frame.flags & (TF | RF)).to.equal(TF);
    registers.rflags = 2n;
    expect(debug(6)).to.equal(INITIAL_DR6 | BS);
  });

  it('begin behind the instruction after popf', () => {
    const { load, memory, registers, runToHandler } = debugBench();
    registers.set(RSP, BigInt(STACK - 8));
    memory.write64(STACK - 8, TF | 2n);
    load('9d 90 90');
    expect(runToHandler()).to.include({ vector: DB, rip: BigInt(CODE + 2) });
  });

  it('come once more behind the popf that ends them', () => {
    const { load, memory, registers, runToHandler } = debugBench();
    registers.set(RSP, BigInt(STACK - 8));
    memory.write64(STACK - 8, 2n);
    load('9d 90 90');
    registers.rflags |= TF;
    const frame = runToHandler();
    expect(frame).to.include({ vector: DB, rip: BigInt(CODE + 1) });
    expect(frame.flags & TF).to.equal(0n);
  });

  it('skip the border behind mov ss', () => {
    const { load, registers, runToHandler } = debugBench();
    registers.set(RAX, 0x10n);
    load('8e d0 90 90');
    registers.rflags |= TF;
    expect(runToHandler()).to.include({ vector: DB, rip: BigInt(CODE + 3) });
  });

  it('do not skip the border behind sti', () => {
    const { load, registers, runToHandler } = debugBench();
    load('fb 90 90');
    registers.rflags |= TF;
    expect(runToHandler()).to.include({ vector: DB, rip: BigInt(CODE + 1) });
  });

  it('are forgotten by int', () => {
    const { load, registers, runToHandler } = debugBench();
    load('cd 80');
    registers.rflags |= TF;
    expect(runToHandler().vector).to.equal(0x80);
  });

  it('are forgotten by a syscall that masks TF', () => {
    const { cpu, load, registers, toUser } = debugBench();
    toUser();
    registers.star = 0x001b_0008_0000_0000n;
    registers.lstar = 0x3_0000n;
    registers.fmask = TF | IF;
    load('0f 05');
    load('90 f4', 0x3_0000);
    registers.rflags |= TF;
    expect(cpu.run(10)).to.equal('halt');
    expect(registers.rip).to.equal(0x3_0002n);
  });
});

describe('in a loop that is compiled', () => {
  /** inc eax; mov [rbx], eax; jmp back, for a while. */
  function inLoop() {
    const bench = debugBench({ tierTwo: { countTo: 10, atOnce: 'quickly' } });
    const { cpu, load, registers } = bench;
    load('ff c0 89 03 eb fa');
    registers.set(RBX, BigInt(DATA));
    cpu.run(9000);
    expect(registers.rip).to.equal(BigInt(CODE));
    return bench;
  }

  it('an armed instruction is met', () => {
    const { runToHandler, arm } = inLoop();
    arm(0, CODE + 2, ON_EXECUTE);
    expect(runToHandler()).to.include({ vector: DB, rip: BigInt(CODE + 2) });
  });

  it('a write is noticed at once', () => {
    const { memory, runToHandler, arm } = inLoop();
    arm(0, DATA, ON_WRITE, 4);
    const before = memory.read32(DATA);
    expect(runToHandler()).to.include({ vector: DB, rip: BigInt(CODE + 4) });
    // The register that arming used counts from there on.
    expect(memory.read32(DATA)).to.not.equal(before);
  });

  it('TF steps', () => {
    const { registers, runToHandler } = inLoop();
    registers.rflags |= TF;
    expect(runToHandler()).to.include({ vector: DB, rip: BigInt(CODE + 2) });
  });

  it('a register that is armed by the loop itself hits', () => {
    const bench = debugBench({ tierTwo: { countTo: 10, atOnce: 'quickly' } });
    const { cpu, load, registers, setDebug, runToHandler } = bench;
    setDebug(0, BigInt(CODE + 2));
    // inc eax; inc ecx; mov dr7, rdx; jmp back, with dr7 harmless until later.
    load('ff c0 ff c1 0f 23 fa eb f7');
    registers.set(2, 0x400n);
    cpu.run(9000);
    registers.set(2, 0x401n);
    expect(runToHandler()).to.include({ vector: DB, rip: BigInt(CODE + 2) });
  });
});

describe('mov ss', () => {
  it('holds a data breakpoint of its own back for one instruction', () => {
    const { load, memory, registers, runToHandler, arm } = debugBench();
    arm(0, DATA, ON_ACCESS, 2);
    memory.write16(DATA, 0x10);
    registers.set(RBX, BigInt(DATA));
    load('8e 13 90 90');
    expect(runToHandler()).to.include({ vector: DB, rip: BigInt(CODE + 3) });
  });
});
