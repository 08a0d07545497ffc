import { headBefore, runInRegion } from '../../core/cpu/testing/region-around.js';
import { OurCpu } from './our-cpu.js';
import type { Outcome, TestCase } from './test-case.js';
import { CODE } from './test-case.js';

/** In the page of the code, away from every instance. */
const HEAD_OFFSET = 0x400;
const HEAD_AT = Number(CODE) + HEAD_OFFSET;

/** Our processor with the instruction of each case inside a region of the second tier. */
export class RegionCpu {
  readonly #ours = new OurCpu({ countTo: 1, atOnce: 'quickly', takesAll: true });

  /** What it did, and whether the region did it; if not, tier 1 has. */
  run(testCase: TestCase): { readonly outcome: Outcome; readonly isInside: boolean } {
    const { cpu } = this.#ours;
    this.#ours.restart();
    this.#ours.load(testCase);
    const carry = (testCase.before.rflags & 1n) !== 0n;
    cpu.memory.write(HEAD_AT, headBefore(testCase.codeOffset - HEAD_OFFSET, carry));
    cpu.registers.rip = CODE + BigInt(HEAD_OFFSET);
    const isInside = runInRegion(cpu, () => this.#ours.forgetFault());
    return { outcome: this.#ours.outcome(), isInside };
  }
}
