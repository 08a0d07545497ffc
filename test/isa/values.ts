import type { Random } from './random.js';

const INTEGERS = [
  0n,
  1n,
  2n,
  0x7fn,
  0x80n,
  0xffn,
  0x7fffn,
  0x8000n,
  0xffffn,
  0x7fff_ffffn,
  0x8000_0000n,
  0xffff_ffffn,
  0x1_0000_0000n,
  0x7fff_ffff_ffff_ffffn,
  0x8000_0000_0000_0000n,
  0xffff_ffff_ffff_ffffn,
  0xffff_ffff_8000_0000n,
  0x0001_0001_0001_0001n,
] as const;

/** Borders of the integer types, small numbers, and anything. */
export function interestingInteger(random: Random): bigint {
  const kind = random.below(4);
  if (kind === 0) return random.pick(INTEGERS);
  if (kind === 1) return BigInt(random.below(70));
  if (kind === 2) return BigInt.asUintN(64, -BigInt(random.below(70)));
  return random.u64() >> BigInt(random.below(64));
}

interface Format {
  readonly exponentBits: number;
  readonly fractionBits: number;
}
const SINGLE: Format = { exponentBits: 8, fractionBits: 23 };
const DOUBLE: Format = { exponentBits: 11, fractionBits: 52 };

function fraction(random: Random, bits: number): bigint {
  const all = BigInt.asUintN(bits, -1n);
  const kind = random.below(6);
  if (kind === 0) return 0n;
  if (kind === 1) return BigInt(random.below(3));
  if (kind === 2) return all - BigInt(random.below(3));
  if (kind === 3) return 1n << BigInt(random.below(bits));
  if (kind === 4) return ((all >> BigInt(random.below(bits))) << BigInt(random.below(bits))) & all;
  return random.u64() & all;
}

/** Zeroes, denormals, infinities, NaNs, borders, integers, and neighbours in exponent, so that sums round. */
function interestingFloat(random: Random, { exponentBits, fractionBits }: Format): bigint {
  const all = 2 ** exponentBits - 1;
  const bias = all >> 1;
  const exponent = random.pick([
    0,
    0,
    1,
    1,
    2,
    fractionBits,
    all,
    all - 1,
    bias,
    bias + random.below(fractionBits + 12),
    bias - random.below(70),
    bias + random.below(4),
    random.below(all),
    bias >> 1,
    bias + (bias >> 1),
  ]);
  const sign = random.oneIn(3) ? 1n << BigInt(exponentBits + fractionBits) : 0n;
  return sign | (BigInt(exponent) << BigInt(fractionBits)) | fraction(random, fractionBits);
}

/** 16 bytes as four singles, two doubles, or integers. */
export function interestingVector(random: Random): Uint8Array {
  const bytes = new Uint8Array(16);
  const view = new DataView(bytes.buffer);
  const kind = random.below(4);
  if (kind === 0) bytes.set(random.bytes(16));
  else if (kind === 1) {
    for (let i = 0; i < 16; i += 4) view.setUint32(i, Number(interestingFloat(random, SINGLE)), true);
  } else if (kind === 2) {
    for (let i = 0; i < 16; i += 8) view.setBigUint64(i, interestingFloat(random, DOUBLE), true);
  } else {
    for (let i = 0; i < 16; i += 8) view.setBigUint64(i, interestingInteger(random), true);
  }
  return bytes;
}

/** 10 bytes, invalid encodings (unnormals, pseudo-numbers) among them. */
export function interestingExtended(random: Random): Uint8Array {
  const bytes = new Uint8Array(10);
  const view = new DataView(bytes.buffer);
  const bias = 16383;
  const exponent = random.pick([
    0,
    1,
    2,
    0x7fff,
    0x7ffe,
    bias,
    bias + random.below(80),
    bias - random.below(80),
    bias + random.below(4),
    bias + 63 + random.below(3),
    random.below(0x8000),
    bias - 1022 - random.below(60),
    bias - 126 - random.below(30),
    bias + 1023,
    bias + 127,
    64,
    63,
  ]);
  const explicit = exponent === 0 ? random.oneIn(8) : !random.oneIn(24);
  const sign = random.oneIn(3) ? 0x8000 : 0;
  view.setBigUint64(0, (explicit ? 1n << 63n : 0n) | extendedFraction(random), true);
  view.setUint16(8, sign | exponent, true);
  return bytes;
}

/** Often exact as a double or single, or just beside. */
function extendedFraction(random: Random): bigint {
  const kind = random.below(4);
  if (kind === 0) return fraction(random, 52) << 11n;
  if (kind === 1) return fraction(random, 23) << 40n;
  return fraction(random, 63);
}

/** Bytes for memory operands: one of the above. */
export function interestingBytes(random: Random, length: number): Uint8Array {
  const bytes = new Uint8Array(length);
  for (let at = 0; at < length; at += 16) {
    const chunk = random.oneIn(4) ? interestingExtended(random) : interestingVector(random);
    bytes.set(chunk.subarray(0, Math.min(chunk.length, length - at)), at);
  }
  return bytes;
}
