/** What is known of a number beyond that it is zero or normal. All are powers of two, as exponents. */
export interface Range {
  /** Its magnitude is at least so much, unless it is zero. */
  readonly least: number;
  /** It is a multiple of this. Rounding to nearest keeps that, so sums lose nothing of it, however many there are. */
  readonly grain: number;
  /** Its magnitude is at most so much. */
  readonly most: number;
}

export type FormatName = 'single' | 'double';

interface Limits {
  readonly digits: number;
  /** Of normal numbers. */
  readonly lowest: number;
  readonly highest: number;
  /** Zero or normal. */
  readonly ordinary: Range;
  /** What numbers are asked for where they are factors: products of a few such numbers need no question. */
  readonly tight: Range;
  /** What numbers are asked for that are only added to. */
  readonly loose: Range;
}

const between = (least: number, most: number, digits: number): Range => ({
  least,
  grain: least - digits + 1,
  most,
});

export const LIMITS: Readonly<Record<FormatName, Limits>> = {
  single: {
    digits: 24,
    lowest: -126,
    highest: 127,
    ordinary: between(-126, 128, 24),
    tight: between(-31, 31, 24),
    loose: between(-100, 100, 24),
  },
  double: {
    digits: 53,
    lowest: -1022,
    highest: 1023,
    ordinary: between(-1022, 1024, 53),
    tight: between(-128, 128, 53),
    loose: between(-900, 1000, 53),
  },
};

/** No number in the range is denormal or infinite; results whose range is so raise nothing but inexact. */
export const isSafe = (format: FormatName, { least, most }: Range): boolean =>
  least >= LIMITS[format].lowest && most <= LIMITS[format].highest;

export const isInside = (a: Range, b: Range): boolean =>
  a.least >= b.least && a.grain >= b.grain && a.most <= b.most;

/** A number that is in one of the two. */
export const either = (a: Range, b: Range): Range => ({
  least: Math.min(a.least, b.least),
  grain: Math.min(a.grain, b.grain),
  most: Math.max(a.most, b.most),
});

const rounded = (format: FormatName, least: number, grain: number, most: number): Range => ({
  least,
  grain: Math.max(grain, least - LIMITS[format].digits + 1),
  most,
});

/** Less than half a unit in the last place of the largest number does not make it larger. */
function mostOfSum(format: FormatName, a: number, b: number): number {
  const larger = Math.max(a, b);
  return Math.min(a, b) <= larger - LIMITS[format].digits - 2 ? larger : larger + 1;
}

export function sum(format: FormatName, a: Range, b: Range): Range {
  const grain = Math.min(a.grain, b.grain);
  return { least: grain, grain, most: mostOfSum(format, a.most, b.most) };
}

export const product = (format: FormatName, a: Range, b: Range): Range =>
  rounded(format, a.least + b.least, a.grain + b.grain, a.most + b.most);

/** a * b + c, rounded once. */
export function fusedSum(format: FormatName, a: Range, b: Range, c: Range): Range {
  const grain = Math.min(a.grain + b.grain, c.grain);
  return { least: grain, grain, most: mostOfSum(format, a.most + b.most, c.most) };
}

/** Of a divisor that is not zero. */
export const quotient = (format: FormatName, a: Range, b: Range): Range =>
  rounded(format, a.least - b.most, -Infinity, a.most - b.least);

/** Of a number that is not negative. */
export const root = (format: FormatName, a: Range): Range =>
  rounded(format, Math.floor(a.least / 2), -Infinity, Math.ceil(a.most / 2));
