import { expect } from 'chai';
import { CODE, createCpuBench, DATA, STACK } from './testing/bench.js';

const [RAX, RCX, RDX, RBX, RSP, RDI] = [0, 1, 2, 3, 4, 7];

/** An IDT at 0xa0000 whose gate n leads to 0xb0000 + 16 * n, where a hlt lies; GDT as the kernel has it. */
function withTables({ memory, registers }: ReturnType<typeof createCpuBench>) {
  const GDT = 0xa1000;
  const [kernelCode, kernelData, userData, userCode] = [
    0x00af_9b00_0000_ffffn,
    0x00cf_9300_0000_ffffn,
    0x00cf_f300_0000_ffffn,
    0x00af_fb00_0000_ffffn,
  ];
  [0n, kernelCode, kernelData, 0n, userData, userCode].forEach((entry, i) =>
    memory.write64(GDT + i * 8, entry),
  );
  registers.gdtr = { base: BigInt(GDT), limit: 0xfff };
  registers.idtr = { base: 0xa0000n, limit: 0xfff };
  for (let i = 0; i < 256; i++) {
    const target = 0xb0000 + i * 16;
    const low = (BigInt(target >>> 16) << 48n) | (0xee00n << 32n) | (8n << 16n) | BigInt(target & 0xffff);
    memory.write64(0xa0000 + i * 16, low);
    memory.write64(0xa0008 + i * 16, 0n);
    memory.write8(target, 0xf4);
  }
  registers.setSegment('tr', { selector: 0x30, base: 0xa2000n, limit: 0x67, attributes: 0x8b });
  memory.write64(0xa2004, BigInt(STACK));
  memory.write16(0xa2066, 0x68);
  return GDT;
}

function toUser({ registers }: ReturnType<typeof createCpuBench>) {
  registers.cpl = 3;
  registers.setSegment('cs', { selector: 0x2b, base: 0n, limit: 0xffffffff, attributes: 0xa0fb });
  registers.setSegment('ss', { selector: 0x23, base: 0n, limit: 0xffffffff, attributes: 0xc0f3 });
}

describe('Cpu', () => {
  it('retires exactly as many instructions as it is given', () => {
    const { cpu, load } = createCpuBench();
    load('90 90 eb fc');
    expect(cpu.run(7)).to.equal('budget');
    expect(cpu.retired).to.equal(7);
    expect(cpu.registers.rip).to.equal(BigInt(CODE + 1));
  });

  it('executes an instruction across a page border', () => {
    const { cpu, load, registers } = createCpuBench();
    load('48 b8 88 77 66 55 44 33 22 11', CODE + 0xffc);
    registers.rip = BigInt(CODE + 0xffc);
    cpu.run(1);
    expect(registers.get(RAX)).to.equal(0x1122334455667788n);
    expect(registers.rip).to.equal(BigInt(CODE + 0x1006));
  });

  it('jumps relative from an instruction across a page border', () => {
    const { cpu, load, registers } = createCpuBench();
    load('e9 00 01 00 00', CODE + 0xffe);
    load('90 90', CODE + 0x1103);
    registers.rip = BigInt(CODE + 0xffe);
    cpu.run(2);
    expect(registers.rip).to.equal(BigInt(CODE + 0x1104));
  });

  it('sees code that it has just written', () => {
    const { cpu, load, registers } = createCpuBench();
    // mov byte [rip+1], 7; mov al, 0
    load('c6 05 01 00 00 00 07 b0 00 90');
    cpu.run(1);
    registers.rip = BigInt(CODE);
    cpu.run(2);
    expect(registers.get(RAX)).to.equal(7n);
  });

  it('sees code that TypeScript has written', () => {
    const { cpu, load, registers } = createCpuBench();
    load('b0 01 eb fc');
    cpu.run(20);
    load('b0 02');
    cpu.run(4);
    expect(registers.get(RAX)).to.equal(2n);
  });

  it('falls through where a jump was overwritten', () => {
    const { cpu, load, registers } = createCpuBench();
    load('eb 02 00 00 b0 01 eb fc');
    cpu.run(4);
    load('b3 05 b1 06');
    registers.rip = BigInt(CODE);
    cpu.run(2);
    expect([registers.get(RBX!), registers.get(RCX!)]).to.deep.equal([5n, 6n]);
  });

  it('loads and stores across a page border', () => {
    const { cpu, load, registers, memory } = createCpuBench();
    load('48 8b 03 48 ff c0 48 89 03');
    registers.set(RBX!, BigInt(DATA + 0xffd));
    memory.write64(DATA + 0xffd, 0xff_ffff_ffffn);
    cpu.run(3);
    expect(memory.read64(DATA + 0xffd)).to.equal(0x100_0000_0000n);
  });

  it('passes accesses outside RAM to the bus', () => {
    const seen: unknown[] = [];
    const { cpu, load, registers } = createCpuBench({
      bus: {
        mmioRead: (physical, size) => (seen.push(['read', physical, size]), 0x55n),
        mmioWrite: (physical, size, value) => void seen.push(['write', physical, size, value]),
      },
    });
    load('8b 03 89 43 04 66 01 43 08');
    registers.set(RBX!, 0x1000_0000n);
    cpu.run(3);
    expect(seen).to.deep.equal([
      ['read', 0x1000_0000, 4],
      ['write', 0x1000_0004, 4, 0x55n],
      ['read', 0x1000_0008, 2],
      ['write', 0x1000_0008, 2, 0xaan],
    ]);
  });

  it('rethrows what a bus callback throws, with rip at the instruction', () => {
    const { cpu, load, registers } = createCpuBench({
      bus: {
        mmioRead: () => {
          throw new Error('tap');
        },
      },
    });
    load('90 8b 03');
    registers.set(RBX!, 0x1000_0000n);
    expect(() => cpu.run(10)).to.throw('tap');
    expect(registers.rip).to.equal(BigInt(CODE + 1));
    expect(cpu.retired).to.equal(1);
  });

  it('reads and writes ports', () => {
    const seen: unknown[] = [];
    const { cpu, load, registers } = createCpuBench({
      bus: { portIn: () => 0x1234, portOut: (...access) => void seen.push(access) },
    });
    load('66 ed e6 10');
    registers.set(RDX!, 0x3f8n);
    registers.set(RAX!, -1n);
    cpu.run(2);
    expect(registers.get(RAX)).to.equal(0xffff_ffff_ffff_1234n);
    expect(seen).to.deep.equal([[0x10, 1, 0x34]]);
  });

  describe('exceptions', () => {
    it('delivers a page fault with its error code, address and frame', () => {
      const bench = createCpuBench();
      const { cpu, load, registers, memory } = bench;
      withTables(bench);
      toUser(bench);
      memory.write64(0x3000 + 3 * 8, 0n);
      load('90 01 03');
      registers.set(RBX!, 0x60_0123n);
      expect(cpu.run(10)).to.equal('halt');
      expect(registers.rip).to.equal(0xb0000n + 14n * 16n + 1n);
      expect(registers.cr2).to.equal(0x60_0123n);
      const frame = Array.from({ length: 6 }, (_, i) => memory.read64(STACK - 48 + i * 8));
      const resumeFlag = 0x1_0000n;
      expect(frame).to.deep.equal([6n, BigInt(CODE + 1), 0x2bn, resumeFlag | 2n, BigInt(STACK), 0x23n]);
      expect(cpu.registers.cpl).to.equal(0);
    });

    it('changes nothing before an access that faults', () => {
      const bench = createCpuBench();
      const { cpu, load, registers, memory } = bench;
      withTables(bench);
      memory.write64(0x3000 + 3 * 8, 0n);
      load('ff 33');
      registers.set(RBX!, 0x60_0000n);
      registers.set(RSP!, BigInt(STACK));
      cpu.run(1);
      expect(memory.read64(STACK - 48 + 32)).to.equal(BigInt(STACK));
    });

    it('ends in a triple fault when nothing can be delivered', () => {
      const { cpu, load } = createCpuBench();
      load('0f 0b');
      expect(cpu.run(10)).to.equal('tripleFault');
    });

    it('divides by zero as #DE', () => {
      const bench = createCpuBench();
      withTables(bench);
      bench.load('f7 f1');
      bench.cpu.run(2);
      expect(bench.registers.rip).to.equal(0xb0001n);
    });

    it('lets a tap answer instead of delivering', () => {
      const seen: number[] = [];
      const bench = createCpuBench({
        bus: {
          exception: (vector) => {
            seen.push(vector);
            bench.registers.rip = BigInt(CODE + 2);
            return true;
          },
        },
      });
      bench.load('0f 0b 90');
      bench.cpu.run(1);
      expect(seen).to.deep.equal([6]);
      expect(bench.registers.rip).to.equal(BigInt(CODE + 3));
    });

    it('single-steps with TF', () => {
      const bench = createCpuBench();
      withTables(bench);
      bench.load('90 90');
      bench.registers.rflags = 0x102n;
      bench.cpu.run(2);
      expect(bench.registers.rip).to.equal(0xb0011n);
      expect(bench.memory.read64(STACK - 40)).to.equal(BigInt(CODE + 1));
    });
  });

  describe('interrupts', () => {
    it('waits for IF and takes the vector from the controller', () => {
      const bench = createCpuBench({
        bus: { acknowledgeInterrupt: () => (bench.cpu.setInterruptLine(false), 0x21) },
      });
      withTables(bench);
      bench.load('90 fb 90 90');
      bench.cpu.setInterruptLine(true);
      bench.cpu.run(10);
      expect(bench.memory.read64(STACK - 40)).to.equal(BigInt(CODE + 3), 'one instruction after sti');
      expect(bench.registers.rip).to.equal(0xb0000n + 0x21n * 16n + 1n);
    });

    it('wakes from hlt', () => {
      const bench = createCpuBench({
        bus: { acknowledgeInterrupt: () => (bench.cpu.setInterruptLine(false), 0x20) },
      });
      withTables(bench);
      bench.load('fb f4 90');
      expect(bench.cpu.run(10)).to.equal('halt');
      expect(bench.cpu.run(10)).to.equal('halt');
      bench.cpu.setInterruptLine(true);
      bench.cpu.run(1);
      expect(bench.memory.read64(STACK - 40)).to.equal(BigInt(CODE + 2));
    });

    it('is taken when a device raises it in the middle of a slice', () => {
      const bench = createCpuBench({
        bus: {
          portOut: () => bench.cpu.setInterruptLine(true),
          acknowledgeInterrupt: () => (bench.cpu.setInterruptLine(false), 0x20),
        },
      });
      withTables(bench);
      bench.load('e6 01 90 90');
      bench.registers.rflags = 0x202n;
      bench.cpu.run(100);
      expect(bench.memory.read64(STACK - 40)).to.equal(BigInt(CODE + 2));
    });
  });

  describe('syscall', () => {
    const prepare = (bench: ReturnType<typeof createCpuBench>) => {
      withTables(bench);
      toUser(bench);
      bench.registers.star = 0x001b_0008_0000_0000n;
      bench.registers.lstar = 0x2_0000n;
      bench.registers.fmask = 0x200n;
      bench.registers.rflags = 0x246n;
      bench.load('0f 05 90');
    };

    it('enters ring 0 and sysret comes back', () => {
      const bench = createCpuBench();
      prepare(bench);
      bench.load('0f 01 f8 48 0f 07', 0x2_0000);
      bench.cpu.run(1);
      expect(bench.registers.cpl).to.equal(0);
      expect(bench.registers.rflags).to.equal(0x46n);
      expect(bench.registers.get(RCX!)).to.equal(BigInt(CODE + 2));
      bench.cpu.run(3);
      expect(bench.registers.cpl).to.equal(3);
      expect(bench.registers.rflags).to.equal(0x246n);
      expect(bench.registers.rip).to.equal(BigInt(CODE + 3));
      expect(bench.registers.segment('cs').selector).to.equal(0x2b);
    });

    it('is answered by a tap', () => {
      const bench = createCpuBench({ bus: { syscall: () => (bench.registers.set(RAX!, 5n), true) } });
      prepare(bench);
      bench.cpu.run(2);
      expect(bench.registers.cpl).to.equal(3);
      expect(bench.registers.get(RAX!)).to.equal(5n);
      expect(bench.registers.rip).to.equal(BigInt(CODE + 3));
    });

    it('keeps programs from privileged instructions and hypercalls', () => {
      for (const bytes of ['f4', '0f 01 c1', '0f 22 d8', 'fa', 'ec']) {
        const bench = createCpuBench();
        prepare(bench);
        bench.load(bytes);
        bench.cpu.run(2);
        const vector = (Number(bench.registers.rip) - 0xb0000) >> 4;
        expect(vector).to.equal(bytes === '0f 01 c1' ? 6 : 13, bytes);
      }
    });
  });

  it('iretq returns to ring 3', () => {
    const bench = createCpuBench();
    withTables(bench);
    bench.load('6a 23 68 00 00 09 00 68 02 02 00 00 6a 2b 68 00 00 02 00 48 cf');
    bench.load('90', 0x2_0000);
    bench.cpu.run(7);
    expect(bench.registers.cpl).to.equal(3);
    expect(bench.registers.rip).to.equal(0x2_0001n);
    expect(bench.registers.get(RSP!)).to.equal(0x9_0000n);
  });

  describe('breakpoints', () => {
    it('stop before the instruction, and the next run steps over them', () => {
      const { cpu, load, registers } = createCpuBench();
      load('ff c0 ff c0 eb fa');
      const undo = cpu.addBreakpoint(BigInt(CODE + 2));
      expect(cpu.run(100)).to.equal('breakpoint');
      expect(registers.get(RAX!)).to.equal(1n);
      expect(cpu.run(100)).to.equal('breakpoint');
      expect(registers.get(RAX!)).to.equal(3n);
      expect(registers.rip).to.equal(BigInt(CODE + 2));
      undo();
      expect(cpu.run(100)).to.equal('budget');
    });

    it('that do not apply are passed', () => {
      const { cpu, load, registers } = createCpuBench();
      load('ff c0 eb fc');
      cpu.addBreakpoint(BigInt(CODE), () => registers.get(RAX!) === 3n);
      expect(cpu.run(100)).to.equal('breakpoint');
      expect(registers.get(RAX!)).to.equal(3n);
      expect(cpu.retired).to.equal(6);
    });
  });

  describe('watchpoints', () => {
    it('stop after the write that hits, and only that', () => {
      const { cpu, load, registers, memory } = createCpuBench();
      load('89 43 04 89 03 90');
      registers.set(RBX!, BigInt(DATA));
      registers.set(RAX!, 7n);
      cpu.addWatchpoint(BigInt(DATA + 2), 1, 'write');
      expect(cpu.run(100)).to.equal('watchpoint');
      expect(registers.rip).to.equal(BigInt(CODE + 5));
      expect(memory.read32(DATA)).to.equal(7);
      expect(cpu.lastWatch).to.deep.equal({ linear: BigInt(DATA + 2), kind: 'write' });
    });

    it('go on behind the write when the machine around has answered', () => {
      const seen: number[] = [];
      const { cpu, load, registers, memory } = createCpuBench({
        bus: { watch: () => seen.push(memory.read32(DATA)) < 3 },
      });
      load('ff c0 89 03 eb fa');
      registers.set(RBX!, BigInt(DATA));
      cpu.addWatchpoint(BigInt(DATA), 4, 'write');
      expect(cpu.run(100)).to.equal('watchpoint');
      expect([seen, cpu.retired]).to.deep.equal([[1, 2, 3], 8]);
    });

    it('let whoever answers see and change everything at the border behind the write', () => {
      const borders: [number, bigint][] = [];
      const { cpu, load, registers } = createCpuBench({
        bus: {
          watch: () => {
            borders.push([cpu.retired, registers.rip]);
            registers.rip = BigInt(CODE + 6);
            registers.set(RAX!, 5n);
            return true;
          },
        },
      });
      load('89 03 f4 90 90 90 ff c0 eb f6');
      registers.set(RBX!, BigInt(DATA));
      cpu.addWatchpoint(BigInt(DATA), 4, 'write');
      expect(cpu.run(7)).to.equal('budget');
      expect(borders).to.deep.equal([1, 4, 7].map((retired) => [retired, BigInt(CODE + 2)]));
      expect([registers.rip, registers.get(RAX!)]).to.deep.equal([BigInt(CODE + 6), 5n]);
    });

    it('tell of each word of a repeated store', () => {
      const counts: bigint[] = [];
      const { cpu, load, registers } = createCpuBench({
        bus: { watch: () => counts.push(registers.get(RCX!)) > 0 },
      });
      load('f3 ab f4');
      registers.set(RDI!, BigInt(DATA - 4));
      registers.set(RCX!, 4n);
      cpu.addWatchpoint(BigInt(DATA), 8, 'write');
      expect(cpu.run(100)).to.equal('halt');
      expect(counts).to.deep.equal([2n, 1n]);
    });

    it('leave when whoever answers asks for that', () => {
      const { cpu, load, registers } = createCpuBench({
        bus: { watch: () => (cpu.requestExit(), true) },
      });
      load('89 03 90 90');
      registers.set(RBX!, BigInt(DATA));
      cpu.addWatchpoint(BigInt(DATA), 4, 'write');
      expect(cpu.run(100)).to.equal('request');
      expect(cpu.retired).to.equal(1);
    });

    it('see what TypeScript does on behalf of an address', () => {
      const { cpu, load } = createCpuBench({
        bus: { portOut: () => cpu.memory.notifyLinearAccess(BigInt(DATA), 8, 'write') },
      });
      load('e6 01 90');
      cpu.addWatchpoint(BigInt(DATA), 1, 'access');
      expect(cpu.run(100)).to.equal('watchpoint');
    });

    it('see what TypeScript writes by physical address, and not what a debugger writes', () => {
      const { cpu, load, memory } = createCpuBench({
        bus: {
          portOut: (port) => void (port === 1 ? memory.write32(DATA, 1) : memory.fill(DATA - 8, 2, 12)),
        },
      });
      load('e6 01 e6 02 90 f4');
      cpu.addWatchpoint(BigInt(DATA + 2), 1, 'write');
      memory.writeLinear(BigInt(DATA), Uint8Array.of(1, 2, 3, 4));
      for (const end of [2, 4]) {
        expect(cpu.run(100)).to.equal('watchpoint');
        expect(cpu.registers.rip).to.equal(BigInt(CODE + end));
      }
      expect(cpu.run(100)).to.equal('halt');
    });
  });

  it('leaves at the next border when asked from a callback', () => {
    const { cpu, load } = createCpuBench({ bus: { portOut: () => cpu.requestExit() } });
    load('e6 01 90 90');
    expect(cpu.run(100)).to.equal('request');
    expect(cpu.registers.rip).to.equal(BigInt(CODE + 2));
    expect(cpu.retired).to.equal(1);
  });

  it('comes back from a snapshot', () => {
    const { cpu, load, registers } = createCpuBench();
    load('ff c0 eb fc');
    cpu.run(10);
    const saved = cpu.save();
    cpu.run(10);
    cpu.restore(structuredClone(saved));
    expect(registers.get(RAX!)).to.equal(5n);
    cpu.run(2);
    expect(registers.get(RAX!)).to.equal(6n);
  });

  it('copies with rep movsb across pages', () => {
    const { cpu, load, registers, memory } = createCpuBench();
    load('f3 a4 90');
    memory.write(
      DATA,
      Uint8Array.from({ length: 10000 }, (_, i) => i * 7),
    );
    registers.set(6, BigInt(DATA));
    registers.set(7, BigInt(DATA + 0x1_0003));
    registers.set(RCX!, 10000n);
    cpu.run(1);
    expect(registers.get(RCX!)).to.equal(0n);
    expect(memory.read(DATA + 0x1_0003, 10000)).to.deep.equal(memory.read(DATA, 10000));
  });

  it('repeats a pattern when rep movsb overlaps forward', () => {
    const { cpu, load, registers, memory } = createCpuBench();
    load('f3 a4 90');
    memory.write(DATA, Uint8Array.of(1, 2, 3));
    registers.set(6, BigInt(DATA));
    registers.set(7, BigInt(DATA + 3));
    registers.set(RCX!, 5000n);
    cpu.run(1);
    expect([...memory.read(DATA + 4998, 5)]).to.deep.equal([1, 2, 3, 1, 2]);
  });
});
