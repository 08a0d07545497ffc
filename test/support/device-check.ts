import { expect } from 'chai';
import { createBench } from './bench.js';
import type { Bench } from './bench.js';
import { leavesNothingBehind } from './scope-check.js';
import type { Scope } from '../../core/lifecycle/scope.js';

const SWAPS = 100;

export interface DeviceUnderTest {
  load(bench: Bench): Promise<Scope>;
  swap(bench: Bench): Promise<unknown>;
  /** A little traffic; called before each swap. */
  use?(bench: Bench, round: number): void;
  /** After the last swap: what the traffic must have led to. */
  check?(bench: Bench): void;
}

/** The tests every device has: it goes without a trace, and a hundred swaps under load change nothing. */
export function testsOfEveryDevice({ load, swap, use, check }: DeviceUnderTest): void {
  it('leaves nothing behind when unloaded', async () => {
    const bench = createBench();
    await leavesNothingBehind(bench, () => load(bench));
  });

  it('leaves nothing behind when unloaded after traffic', async () => {
    const bench = createBench();
    await leavesNothingBehind(bench, async () => {
      const scope = await load(bench);
      use?.(bench, 0);
      return scope;
    });
  });

  it(`works on through ${SWAPS} swaps under load`, async () => {
    const bench = createBench();
    await load(bench);
    for (let round = 0; round < SWAPS; round++) {
      use?.(bench, round);
      await swap(bench);
    }
    check?.(bench);
    expect(bench.host.list()[0]?.swaps).to.equal(SWAPS);
    expect(bench.failures).to.deep.equal([]);
  });

  it('carries plain data', async () => {
    const bench = createBench();
    const { name } = await load(bench);
    use?.(bench, 0);
    const carried = bench.host.carry(name);
    expect(JSON.parse(JSON.stringify(carried))).to.deep.equal(carried);
    expect(carried?.version).to.be.a('number');
  });
}
