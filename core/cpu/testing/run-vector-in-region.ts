import type { Values, Vector } from '../../isa/vectors.js';
import { PAGE_BYTES } from '../layout.js';
import { CODE } from './bench.js';
import { headBefore, runInRegion } from './region-around.js';
import { VectorRunner } from './run-vector.js';

/** Where a region begins that leads to the instruction. */
const HEAD = CODE + 0x800;
const HLT = 0xf4;

/** What a vector left behind, and whether a region did its instruction; if not, tier 1 has. */
export interface RegionOutcome {
  readonly after: Values;
  readonly isInside: boolean;
}

/** Runs each vector inside a region of the second tier. */
export class RegionVectorRunner {
  readonly #runner = new VectorRunner({ countTo: 1, atOnce: 'quickly', takesAll: true });

  run(vector: Vector): RegionOutcome {
    const { cpu } = this.#runner;
    this.#runner.prepare(vector);
    const length = vector.bytes.split(' ').length;
    cpu.memory.fill(CODE + length, HLT, PAGE_BYTES - length);
    cpu.memory.write(HEAD, headBefore(CODE - HEAD, (cpu.registers.rflags & 1n) !== 0n));
    cpu.registers.rip = BigInt(HEAD);
    const isInside = runInRegion(cpu, () => this.#runner.forgetFault());
    return { after: this.#runner.outcome(vector), isInside };
  }
}
