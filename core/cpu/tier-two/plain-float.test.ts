import { expect } from 'chai';
import { createCpuBench } from '../testing/bench.js';

const INEXACT_NOTED = 0x1fa0;

describe('a region with floating point', () => {
  it('that was made before inexact was noted is made again, once', () => {
    const { cpu, load, registers } = createCpuBench({ tierTwo: { countTo: 2, atOnce: 'quickly' } });
    load('f2 0f 58 c1 48 ff c0 eb f7'); // addsd xmm0, xmm1; inc rax; jmp back
    cpu.run(300);
    expect(cpu.regionsCompiled).to.equal(1);
    registers.mxcsr = INEXACT_NOTED;
    for (let i = 0; i < 4; i++) cpu.run(300);
    expect(cpu.regionsCompiled).to.equal(2);
    expect(cpu.regionsAlive).to.equal(1);
    expect(registers.get(0)).to.equal(500n);
  });

  it('that meets numbers of other magnitudes all the time is made again for all, once', () => {
    const { cpu, load, registers } = createCpuBench({ tierTwo: { countTo: 2, atOnce: 'quickly' } });
    registers.mxcsr = INEXACT_NOTED;
    load('f2 0f 59 c1 48 ff c0 eb f7'); // mulsd xmm0, xmm1; inc rax; jmp back
    const put = (register: number, value: number) =>
      registers.xmm(register).set(new Uint8Array(Float64Array.of(value).buffer));
    put(0, 2 ** 300);
    put(1, 1);
    for (let i = 0; i < 6; i++) cpu.run(300);
    expect(cpu.regionsCompiled).to.equal(2);
    expect(cpu.regionsAlive).to.equal(1);
    expect(new Float64Array(registers.xmm(0).slice(0, 8).buffer)[0]).to.equal(2 ** 300);
    expect(registers.get(0)).to.equal(600n);
  });
});
