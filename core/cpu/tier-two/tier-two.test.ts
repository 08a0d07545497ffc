import { expect } from 'chai';
import { CODE, createCpuBench, DATA } from '../testing/bench.js';

const AT_ONCE = { countTo: 2, atOnce: 'quickly' } as const;
const hot = () => createCpuBench({ tierTwo: AT_ONCE });
const RAX = 0;
const RCX = 1;

describe('the second tier', () => {
  it('compiles a loop that is passed often', () => {
    const { cpu, load, registers } = hot();
    load('48 ff c0 eb fb'); // inc rax; jmp back
    cpu.run(1000);
    expect(cpu.regionsCompiled).to.equal(1);
    expect(registers.get(RAX)).to.equal(500n);
  });

  it('retires as many instructions as it is told to, one by one too', () => {
    const { cpu, load, registers } = hot();
    load('48 ff c0 48 ff c1 eb f8'); // inc rax; inc rcx; jmp back
    for (let i = 1; i <= 100; i++) {
      cpu.run(i % 7);
    }
    const total = Array.from({ length: 100 }, (_, i) => (i + 1) % 7).reduce((a, b) => a + b);
    expect(cpu.retired).to.equal(total);
    expect(registers.get(RAX)).to.equal(BigInt(Math.ceil(total / 3)));
    expect(registers.get(RCX)).to.equal(BigInt(Math.ceil((total - 1) / 3)));
  });

  it('stops at a breakpoint that is set in a hot loop, and goes on without it', () => {
    const { cpu, load, registers } = hot();
    load('48 ff c0 48 ff c1 eb f8');
    cpu.run(300);
    const undo = cpu.addBreakpoint(BigInt(CODE + 3));
    expect(cpu.run(300)).to.equal('breakpoint');
    expect(registers.rip).to.equal(BigInt(CODE + 3));
    expect(registers.get(RAX) - registers.get(RCX)).to.equal(1n);
    expect(cpu.run(300)).to.equal('breakpoint');
    undo();
    expect(cpu.run(300)).to.equal('budget');
    expect(cpu.regionsCompiled).to.equal(2);
  });

  it('sees code that a hot loop writes over itself', () => {
    const { cpu, load, registers } = hot();
    // add rax, imm8; inc byte [rip to the imm8]; jmp back
    load('48 83 c0 01 fe 05 f9 ff ff ff eb f4');
    cpu.run(3 * 100);
    const sum = Array.from({ length: 100 }, (_, i) => BigInt.asIntN(8, BigInt(i + 1))).reduce(
      (a, b) => a + b,
    );
    expect(registers.get(RAX)).to.equal(BigInt.asUintN(64, sum));
  });

  it('sees code that TypeScript writes over a hot loop', () => {
    const { cpu, load, registers } = hot();
    load('48 ff c0 eb fb');
    cpu.run(100);
    load('48 ff c8 eb fb'); // dec rax
    cpu.run(100);
    expect(registers.get(RAX)).to.equal(0n);
  });

  it('stops at a watchpoint in a hot loop', () => {
    const { cpu, load } = hot();
    load('48 89 07 48 ff c0 eb f8'); // mov [rdi], rax; inc rax; jmp back
    cpu.registers.set(7, BigInt(DATA));
    cpu.run(300);
    cpu.addWatchpoint(BigInt(DATA), 8, 'write');
    expect(cpu.run(300)).to.equal('watchpoint');
  });

  it('takes an interrupt at the next border of a slice', () => {
    const seen: number[] = [];
    const { cpu, load, registers } = createCpuBench({
      tierTwo: AT_ONCE,
      bus: {
        acknowledgeInterrupt: () => 0x40,
        interrupt: (vector) => {
          seen.push(vector);
          cpu.setInterruptLine(false);
          return true;
        },
      },
    });
    load('48 ff c0 eb fb');
    registers.rflags = 0x202n;
    cpu.run(500);
    cpu.setInterruptLine(true);
    cpu.run(1);
    expect(seen).to.deep.equal([0x40]);
    expect(cpu.retired).to.equal(501);
  });

  it('leaves a fault in a hot loop to the first tier', () => {
    const faults: bigint[] = [];
    const { cpu, load, registers } = createCpuBench({
      tierTwo: AT_ONCE,
      bus: {
        exception: (_vector, _code, address) => {
          faults.push(address);
          cpu.requestExit();
          return true;
        },
      },
    });
    load('8a 0f 48 ff c7 48 ff c0 eb f6'); // mov cl, [rdi]; inc rdi; inc rax; jmp back
    cpu.memory.write64(0x3000 + 8, 0n); // nothing at 2 MiB
    registers.set(7, 0x20_0000n - 5000n);
    expect(cpu.run(100_000)).to.equal('request');
    expect(faults).to.deep.equal([0x20_0000n]);
    expect([registers.rip, registers.get(RAX), cpu.retired]).to.deep.equal([BigInt(CODE), 5000n, 20_000]);
  });

  it('gives up the region it found first when there is no room for another', () => {
    const { cpu, load, registers } = createCpuBench({ tierTwo: { ...AT_ONCE, slots: 1 } });
    const places = [CODE, CODE + 0x1000, CODE + 0x2000];
    for (const place of places) load('48 ff c0 eb fb', place); // inc rax; jmp back
    for (let i = 0; i < 6; i++) {
      registers.rip = BigInt(places[i % 3]!);
      cpu.run(100);
    }
    expect(registers.get(RAX)).to.equal(300n);
    expect([cpu.regionsCompiled, cpu.regionsAlive]).to.deep.equal([6, 1]);
  });

  it('compiles a loop that exchanges numbers of two formats', () => {
    const { cpu, load, registers } = hot();
    registers.mxcsr = 0x1fa0;
    // movaps xmm3, xmm0; movaps xmm0, xmm1; movaps xmm1, xmm2; movaps xmm2, xmm3; dec ecx; jnz back
    load('0f 28 d8 0f 28 c1 0f 28 ca 0f 28 d3 ff c9 75 f0');
    // addss xmm5, xmm0; addsd xmm6, xmm1; jmp back
    load('f3 0f 58 e8 f2 0f 58 f1 eb e6', CODE + 16);
    registers.set(RCX, 3n);
    cpu.run(100);
    expect(cpu.regionsCompiled).to.be.greaterThan(0);
  });

  it('keeps nothing of what was dropped', () => {
    const { cpu, load } = hot();
    for (let i = 0; i < 5; i++) {
      load('48 ff c0 eb fb');
      cpu.registers.rip = BigInt(CODE);
      cpu.run(100);
    }
    expect(cpu.regionsCompiled).to.equal(5);
    expect(cpu.regionsAlive).to.equal(1);
  });

  it('makes a region again that misses the TLB often, with the page walk inside', () => {
    const { cpu, load, registers } = createCpuBench({
      ramMiB: 34,
      tierTwo: { countTo: 10, atOnce: 'optimised' },
    });
    // mov eax, [rbx]; add rbx, 4096; and rbx, 32 MiB - 1; jmp: always a page whose place in the TLB another one has taken.
    load('8b 03 48 81 c3 00 10 00 00 48 81 e3 ff ff ff 01 eb ee');
    for (let i = 0; i < 200 && cpu.regionsCompiled < 2; i++) cpu.run(20_000 + i);
    expect(cpu.regionsCompiled).to.equal(2);
    const before = cpu.retired;
    cpu.run(40_001);
    expect(cpu.retired - before).to.equal(40_001);
    expect(Number(registers.get(3)) % 4096).to.equal(0);
  });
});
