import type { BlockProgram } from './blocks.js';
import type { Random } from './random.js';
import { DATA, emptyState, PAGE_BYTES } from './test-case.js';
import { interestingVector } from './values.js';

const PASSES = 100;
const INPUT_BYTES = 3072;
const STEP = 32;
const [RCX, RSI, RDI] = [1, 6, 7];
const REGISTERS = 6;

/** Of the 0f map: add, mul, sub, div; roots stand apart, since they have one source. */
const ARITHMETIC = [0x58, 0x59, 0x5c, 0x5e];
const ROOT = 0x51;
/** Of the 0f38 map, the low digit: fmaddsub, fmsubadd, and fmadd, fmsub, fnmadd, fnmsub packed; above them the scalar ones. */
const FUSED = [6, 7, 8, 10, 12, 14, 9, 11, 13, 15];
const FUSED_ORDERS = [0x90, 0xa0, 0xb0];

/** A program that loops over arithmetic on vectors, mostly of ordinary numbers, with inexact noted. */
export function vectorLoop(random: Random): BlockProgram {
  const isSingle = random.oneIn(2);
  const mixes = random.oneIn(2);
  const isWide = () => (mixes ? random.below(2) : Number(!isSingle));
  const body = Array.from({ length: 2 + random.below(12) }, () => instruction(random, isWide())).flat();
  const advance = [0x48, 0x83, 0xc6, random.pick([0, STEP]), 0x48, 0x83, 0xc7, STEP, 0xff, 0xc9];
  const distance = -(body.length + advance.length + 6);
  const back = [0x0f, 0x85, ...[0, 8, 16, 24].map((shift) => (distance >> shift) & 0xff)];
  const before = emptyState();
  before.gpr[RCX] = BigInt(PASSES);
  before.gpr[RSI] = DATA;
  before.gpr[RDI] = DATA + BigInt(PAGE_BYTES);
  new DataView(before.fx.buffer).setUint32(24, random.pick([0x1fa0, 0x1fa0, 0x1fbf, 0x1f80]), true);
  return {
    testCase: {
      code: Uint8Array.from([...body, ...advance, ...back]),
      codeOffset: random.below(64),
      before,
      memory: [{ offset: 0, bytes: input(random, isSingle) }],
    },
    budgets: [...Array.from({ length: 20 }, () => 1 + random.below(500)), body.length * PASSES],
  };
}

/** Numbers of one format, of a few magnitudes, with something odd now and then. */
function input(random: Random, isSingle: boolean): Uint8Array {
  const bytes = new Uint8Array(INPUT_BYTES);
  const view = new DataView(bytes.buffer);
  const odd = random.pick([8, 60, 1000]);
  // Flags stay set, so what sets them often comes late, and only once.
  const once = random.oneIn(2) ? 16 * (20 + random.below(60)) : undefined;
  const isOdd = (at: number) => (once === undefined ? at % 16 === 0 && random.oneIn(odd) : at === once);
  for (let at = 0; at < INPUT_BYTES; at += 4) {
    if (isOdd(at)) bytes.set(interestingVector(random), at);
    else if (isSingle) view.setFloat32(at, ordinary(random), true);
    else if (at % 8 === 0) view.setFloat64(at, ordinary(random), true);
  }
  return bytes;
}

function ordinary(random: Random): number {
  if (random.oneIn(16)) return random.pick([0, -0, 1, -1]);
  const scale = 2 ** (random.below(12) - 6);
  const whole = random.oneIn(2) ? random.below(1000) : random.u32() + random.u32() / 2 ** 32;
  return (random.oneIn(2) ? -1 : 1) * whole * scale;
}

/** `w`: 1 for doubles. */
function instruction(random: Random, w: number): number[] {
  const kind = random.below(10);
  const [to, first] = [random.below(REGISTERS), random.below(REGISTERS)];
  const from = random.oneIn(2) ? memory(to, RSI, random) : [0xc0 | (to << 3) | random.below(REGISTERS)];
  const length = random.below(2);
  // vmovups from memory, to memory
  if (kind < 2) return vex(1, 0, 0, length, 0, 0x10, memory(to, RSI, random));
  if (kind === 2) return vex(1, 0, 0, length, 0, 0x11, memory(to, RDI, random));
  if (kind < 6) {
    const [order, operation] = [random.pick(FUSED_ORDERS), random.pick(FUSED)];
    return vex(2, w, first, length, 1, order + operation, from);
  }
  if (kind === 6 && random.oneIn(2)) return vex(1, 0, 0, length, w, ROOT, from);
  if (kind < 9) return vex(1, 0, first, length, w + random.pick([0, 0, 2]), random.pick(ARITHMETIC), from);
  const prefix = w === 1 ? random.pick([[0x66], [0xf2]]) : random.pick([[], [0xf3]]);
  return [...prefix, 0x0f, random.pick(ARITHMETIC), 0xc0 | (to << 3) | first];
}

const memory = (register: number, base: number, random: Random) => [
  0x40 | (register << 3) | base,
  random.below(3) * 32,
];

/** With the three-byte prefix; `vvvv` 0 where there is no such operand is as good as any but for the rule that it be all ones. */
function vex(
  map: number,
  w: number,
  vvvv: number,
  length: number,
  prefix: number,
  opcode: number,
  rest: readonly number[],
): number[] {
  const unused = map === 1 && [0x10, 0x11, ROOT].includes(opcode) && prefix < 2;
  const named = unused ? 0 : vvvv;
  return [0xc4, 0xe0 | map, (w << 7) | ((~named & 15) << 3) | (length << 2) | prefix, opcode, ...rest];
}
