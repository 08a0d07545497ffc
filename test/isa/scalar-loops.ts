import type { BlockProgram } from './blocks.js';
import type { Random } from './random.js';
import { DATA, emptyState, PAGE_BYTES } from './test-case.js';
import { interestingVector } from './values.js';

const [RCX, RSI, RDI] = [1, 6, 7];
const INPUT_BYTES = 3072;
const STEP = 32;
const MOST_PASSES = 96;
/** Flags stay set, so what sets them comes when the region is there, and often not again. */
const EARLY_BYTES = 320;

/** Of the 0f map: add, mul, sub, div; roots stand apart, since they have one source. */
const ARITHMETIC = [0x58, 0x58, 0x59, 0x59, 0x5c, 0x5e];
const [ROOT, PRODUCT] = [0x51, 0x59];
const [LOAD, STORE, COPY] = [0x10, 0x11, 0x28];
const NOT_FUSED = [0x51, 0x58, 0x59, 0x5c, 0x5e];

/** Exponents that numbers have: of every day, where ranges that regions take for granted end, and all. */
const DAILY = [-2, 2];
const EDGES = {
  single: [
    [-31, -27],
    [26, 30],
  ],
  double: [
    [-128, -120],
    [120, 127],
  ],
};
const BEYOND = {
  single: [
    [-35, -27],
    [26, 35],
    [-126, 127],
    [-110, -90],
  ],
  double: [
    [-140, -110],
    [110, 140],
    [-1022, 1023],
  ],
};

interface Kind {
  readonly isSingle: boolean;
  readonly isVex: boolean;
  /** Nearly all of it multiplies. */
  readonly isProduct: boolean;
  /** How many it uses. */
  readonly registers: number;
}

/** A program of two nested loops over scalar arithmetic, with jumps over some of it, mostly of ordinary numbers, with inexact noted. */
export function scalarLoop(random: Random): BlockProgram {
  const isSingle = random.oneIn(3);
  const isVex = random.oneIn(3);
  const isProduct = random.oneIn(3);
  const registers = random.pick([2, 3, 6]);
  const kind = { isSingle, isVex, isProduct, registers };
  const some = (most: number) => pieces(random, 1 + random.below(most), kind);
  const innerPasses = 1 + random.below(8);
  const body = isProduct ? [...loads(random, kind), ...some(7)] : some(16);
  const inner = looped([...body, ...advance(random)], 0xcb);
  const outer = [...some(3), 0xbb, innerPasses, 0, 0, 0, ...inner, ...some(4)];
  const code = [...some(2), ...looped(outer, 0xc9)];
  const before = emptyState();
  const passes = Math.floor(MOST_PASSES / innerPasses);
  before.gpr[RCX] = BigInt(passes);
  before.gpr[RSI] = DATA;
  before.gpr[RDI] = DATA + BigInt(PAGE_BYTES);
  new DataView(before.fx.buffer).setUint32(24, random.pick([0x1fa0, 0x1fa0, 0x1fa0, 0x1fbf, 0x1f80]), true);
  return {
    testCase: {
      code: Uint8Array.from(code),
      codeOffset: random.below(64),
      before,
      memory: [{ offset: 0, bytes: input(random, isSingle) }],
    },
    budgets: [...Array.from({ length: 20 }, () => 1 + random.below(500)), code.length * MOST_PASSES],
  };
}

/** `body`, again until the counter, by the ModRM byte of its `dec`, is zero. */
function looped(body: readonly number[], counter: number): number[] {
  const distance = -(body.length + 8);
  return [...body, 0xff, counter, 0x0f, 0x85, ...[0, 8, 16, 24].map((shift) => (distance >> shift) & 0xff)];
}

const advance = (random: Random) => [0x48, 0x83, 0xc6, random.pick([0, 8, 8, STEP]), 0x48, 0x83, 0xc7, STEP];

/** New numbers in all registers, so that products do not grow from pass to pass. */
const loads = (random: Random, { isSingle, registers }: Kind): number[] =>
  Array.from({ length: registers }, (_, to) =>
    legacy(isSingle ? 2 : 3, LOAD, memory(to, RSI, random)),
  ).flat();

/** Instructions, some of them behind a jump that passes over them every other time. */
function pieces(random: Random, count: number, kind: Kind): number[] {
  return Array.from({ length: count }, () => {
    const piece = instruction(random, { ...kind, isVex: kind.isVex && random.oneIn(2) });
    return random.oneIn(6) ? [0xf6, 0xc3, 1, 0x74, piece.length, ...piece] : piece;
  }).flat();
}

function instruction(random: Random, { isSingle, isVex, isProduct, registers }: Kind): number[] {
  const scalar = isSingle ? 2 : 3;
  const packed = isSingle ? 0 : 1;
  const [to, first] = [random.below(registers), random.below(registers)];
  const inRegister = [0xc0 | (to << 3) | random.below(registers)];
  const from = random.oneIn(isProduct ? 6 : 2) ? memory(to, RSI, random) : inRegister;
  const encode = (prefix: number, opcode: number, rest: readonly number[]) =>
    isVex
      ? vex(prefix, opcode, NOT_FUSED.includes(opcode) && prefix > 1 ? first : 0, rest)
      : legacy(prefix, opcode, rest);
  const kind = isProduct && !random.oneIn(8) ? 11 : random.below(14);
  if (kind < 3) return encode(scalar, LOAD, memory(to, RSI, random));
  if (kind < 5) return encode(scalar, STORE, memory(to, RDI, random));
  if (kind === 5) return encode(packed, COPY, inRegister);
  if (kind === 6) return random.oneIn(2) ? encode(scalar, ROOT, from) : legacy(scalar, LOAD, inRegister);
  if (kind === 7 && random.oneIn(2)) return legacy(packed, random.pick(ARITHMETIC), inRegister);
  if (kind === 12) return comparison(random, packed, from);
  if (kind === 13) return conversion(random, scalar, to, first);
  return encode(scalar, isProduct ? PRODUCT : random.pick(ARITHMETIC), from);
}

/** Ordered or not, and its flags into edx, or a jump over an instruction by them. */
function comparison(random: Random, packed: number, operand: readonly number[]): number[] {
  const compared = legacy(packed, random.pick([0x2e, 0x2f]), operand);
  const code = random.pick([2, 3, 4, 5, 6, 7, 10, 11]);
  if (random.oneIn(2)) return [...compared, 0x0f, 0x90 | code, 0xc2];
  return [...compared, 0x70 | code, 3, 0x48, 0xff, 0xc2];
}

/** From integers, from single to double, and the idiom for zero. */
function conversion(random: Random, scalar: number, to: number, from: number): number[] {
  const modrm = [0xc0 | (to << 3) | from];
  const edx = [0xc0 | (to << 3) | 2];
  return random.pick([
    [...prefixOf(scalar), ...(random.oneIn(2) ? [0x48] : []), 0x0f, 0x2a, ...edx],
    legacy(2, 0x5a, modrm),
    legacy(random.below(2), 0x57, [0xc0 | (to << 3) | to]),
    legacy(1, 0xef, modrm),
  ]);
}

const PREFIXES = [[], [0x66], [0xf3], [0xf2]] as const;
/** Of scalars: 2 for singles, 3 for doubles. */
const prefixOf = (prefix: number) => PREFIXES[prefix]!;

const legacy = (prefix: number, opcode: number, rest: readonly number[]) => [
  ...prefixOf(prefix),
  0x0f,
  opcode,
  ...rest,
];

const vex = (prefix: number, opcode: number, vvvv: number, rest: readonly number[]) => [
  ...[0xc4, 0xe1, ((~vvvv & 15) << 3) | prefix, opcode],
  ...rest,
];

const memory = (register: number, base: number, random: Random) => [
  0x40 | (register << 3) | base,
  random.below(4) * 8,
];

function input(random: Random, isSingle: boolean): Uint8Array {
  const bytes = new Uint8Array(INPUT_BYTES);
  const view = new DataView(bytes.buffer);
  const odd = random.pick([8, 60, 1000, 1000]);
  const zeroes = random.pick([4, 30, 1000]);
  const format = isSingle ? 'single' : 'double';
  const edge = random.pick(EDGES[format]);
  const later = random.pick([[DAILY], EDGES[format], [edge], [edge], [DAILY, random.pick(BEYOND[format])]]);
  const from = EARLY_BYTES + random.below(300);
  const to = from + random.pick([16, 64, INPUT_BYTES]);
  for (let at = 0; at < INPUT_BYTES; at += 4) {
    const isDaily = at < from || at >= to;
    const [least, most] = (isDaily ? DAILY : random.pick(later)) as [number, number];
    const value = random.oneIn(zeroes) ? random.pick([0, -0]) : number(random, least, most);
    if (at % 16 === 0 && !isDaily && random.oneIn(odd)) bytes.set(interestingVector(random), at);
    else if (isSingle) view.setFloat32(at, value, true);
    else if (at % 8 === 0) view.setFloat64(at, value, true);
  }
  return bytes;
}

function number(random: Random, least: number, most: number): number {
  const fraction = random.oneIn(3) ? 1 : 1 + random.u32() / 2 ** 32 + random.u32() / 2 ** 53;
  return (random.oneIn(2) ? -1 : 1) * fraction * 2 ** (least + random.below(most - least + 1));
}
