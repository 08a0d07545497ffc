import { expect } from 'chai';
import { CODE, createCpuBench } from '../testing/bench.js';

const RAX = 0;
const RDRAND_RAX = '48 0f c7 f0';

/** `count` numbers, one after the other. */
function draw(
  { cpu, load }: Pick<ReturnType<typeof createCpuBench>, 'cpu' | 'load'>,
  count: number,
): bigint[] {
  load(RDRAND_RAX);
  return Array.from({ length: count }, () => {
    cpu.registers.rip = BigInt(CODE);
    cpu.run(1);
    return cpu.registers.get(RAX);
  });
}

const seeded = (seed: () => Uint8Array) => createCpuBench({ seed });

describe('rdrand', () => {
  it('gives the same numbers in every run without a seed', () => {
    const numbers = draw(createCpuBench(), 3);
    expect(draw(createCpuBench(), 3)).to.deep.equal(numbers);
    expect(new Set(numbers).size).to.equal(3);
  });

  it('starts again after a reset', () => {
    const bench = createCpuBench();
    const [first] = draw(bench, 1);
    const { cr3 } = bench.registers;
    bench.cpu.reset();
    bench.registers.cr3 = cr3;
    expect(draw(bench, 1)).to.deep.equal([first]);
  });

  it('asks for its seed when it is first executed, and once', () => {
    let asked = 0;
    const bench = seeded(() => (asked++, new Uint8Array(32).fill(7)));
    expect(asked).to.equal(0);
    expect(draw(bench, 2)).to.not.deep.equal(draw(createCpuBench(), 2));
    expect(asked).to.equal(1);
  });

  it('goes on from a snapshot as it would have', () => {
    const bench = seeded(() => new Uint8Array(32).fill(7));
    draw(bench, 2);
    const snapshot = structuredClone(bench.cpu.save());
    const next = draw(bench, 2);
    const other = seeded(() => new Uint8Array(32).fill(9));
    other.cpu.restore(snapshot);
    expect(draw(other, 2)).to.deep.equal(next);
  });
});
