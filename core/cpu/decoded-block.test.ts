import { expect } from 'chai';
import type { DecodedBlock } from './decoded-block.js';
import { State } from './layout.js';
import { CODE, createCpuBench } from './testing/bench.js';
import type { CpuBus } from './types.js';

// mov ecx,3; again: dec ecx; jnz again; hlt
const LOOP = 'b9 03 00 00 00 ff c9 75 fc f4';

describe('a tap on decoded blocks', () => {
  function traced(translate: (block: DecodedBlock) => void) {
    const bus: Partial<CpuBus> = { translate };
    return createCpuBench({ bus });
  }

  it('is told of each instruction once, with its text', () => {
    const texts: string[] = [];
    const { cpu, load } = traced(({ instructions }) => texts.push(...instructions.map(({ text }) => text)));
    load(LOOP);
    expect(cpu.run(100)).to.equal('halt');
    expect(texts).to.deep.equal(['mov ecx, 3', 'dec ecx', 'jne 0x10005', 'hlt']);
  });

  it('can weave a probe into the block that it is told of', () => {
    const counts = new Map<bigint, number>();
    const bench = traced(({ instructions }) => {
      for (const { rip } of instructions) {
        const count = () => void counts.set(rip, (counts.get(rip) ?? 0) + 1);
        bench.cpu.addBreakpoint(rip, () => (count(), false));
      }
    });
    bench.load(LOOP);
    expect(bench.cpu.run(100)).to.equal('halt');
    expect([...counts].map(([rip, count]) => [Number(rip) - CODE, count])).to.deep.equal([
      [0, 1],
      [5, 3],
      [7, 3],
      [9, 1],
    ]);
    expect(bench.cpu.retired).to.equal(8);
  });

  it('is told again of bytes that were written', () => {
    const rips: number[] = [];
    const { cpu, load, registers } = traced(({ rip }) => rips.push(Number(rip)));
    load('90 f4');
    cpu.run(10);
    load('f4');
    registers.rip = BigInt(CODE);
    cpu.state.set32(State.halted, 0);
    cpu.run(10);
    expect(rips).to.deep.equal([CODE, CODE]);
  });
});
