import type { BlockProgram } from './blocks.js';
import { DATA, emptyState } from './test-case.js';

const [RCX, RSI] = [1, 6];
const PASSES = 96;
/** The pass that `value` is for; all others have 1.5. */
const LATE = 60;

/** Loads a double and squares it four times, again and again: `value` late, when regions are there, in MXCSR where only inexact is noted. */
export function squares(value: number): BlockProgram {
  const square = [0xf2, 0x0f, 0x59, 0xc0];
  const body = [...[0xf2, 0x0f, 0x10, 0x06], ...Array.from({ length: 4 }, () => square).flat()];
  const advance = [0x48, 0x83, 0xc6, 8, 0xff, 0xc9];
  const code = [...body, ...advance, 0x75, -(body.length + advance.length + 2) & 0xff];
  const before = emptyState();
  before.gpr[RCX] = BigInt(PASSES);
  before.gpr[RSI] = DATA;
  new DataView(before.fx.buffer).setUint32(24, 0x1fa0, true);
  const numbers = Float64Array.from({ length: PASSES }, (_, i) => (i === LATE ? value : 1.5));
  return {
    testCase: {
      code: Uint8Array.from(code),
      codeOffset: 0,
      before,
      memory: [{ offset: 0, bytes: new Uint8Array(numbers.buffer) }],
    },
    budgets: Array.from({ length: 10 }, () => 100),
  };
}
