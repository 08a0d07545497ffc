import { expect } from 'chai';
import fc from 'fast-check';
import { either, fusedSum, isInside, isSafe, LIMITS, product, quotient, root, sum } from './number-ranges.js';
import type { FormatName, Range } from './number-ranges.js';

const ROUND = { single: Math.fround, double: (value: number) => value } as const;

/** Whether a number is in a range; multiples are told by the power of two that is its last digit. */
function lies(value: number, { least, grain, most }: Range): boolean {
  if (value === 0) return true;
  const magnitude = Math.abs(value);
  const isMultiple = grain < -1074 || Number.isInteger(magnitude / 2 ** grain);
  return magnitude >= 2 ** least && magnitude <= 2 ** most && isMultiple;
}

/** A range of some format, and a number at its ends or inside. */
function numberIn(format: FormatName): fc.Arbitrary<{ range: Range; value: number }> {
  const { digits } = LIMITS[format];
  const reach = format === 'single' ? 60 : 400;
  const exponents = fc.tuple(fc.integer({ min: -reach, max: reach }), fc.integer({ min: 0, max: 40 }));
  return fc
    .tuple(exponents, fc.constantFrom(0, 1, 0.5), fc.double({ min: 0, max: 1, noNaN: true }), fc.boolean())
    .map(([[least, width], end, fraction, isNegative]) => {
      const range = { least, grain: least - digits + 1, most: least + width };
      const exponent = end === 0 ? least : end === 1 ? range.most : Math.floor(least + fraction * width);
      const rounded = ROUND[format](2 ** exponent * (end === 1 ? 1 : 1 + fraction));
      const value = Math.min(rounded, 2 ** range.most);
      return { range, value: isNegative ? -value : value };
    });
}

for (const format of ['single', 'double'] as const) {
  const round = ROUND[format];
  const number = numberIn(format);
  const agree = (
    compute: (a: number, b: number) => number,
    rangeOf: (format: FormatName, a: Range, b: Range) => Range,
    divides = false,
  ) =>
    fc.assert(
      fc.property(number, number, (a, b) => {
        if (divides && b.value === 0) return;
        const range = rangeOf(format, a.range, b.range);
        if (!isSafe(format, range)) return;
        expect(lies(round(compute(a.value, b.value)), range)).to.equal(true);
      }),
      { numRuns: 3000 },
    );

  const rangeAt = (exponent: number): Range => ({
    least: exponent,
    grain: exponent - LIMITS[format].digits + 1,
    most: exponent + 11,
  });

  describe(`ranges of numbers, ${format}`, () => {
    it('hold the sums', () => agree((a, b) => a + b, sum));
    it('hold the differences', () => agree((a, b) => a - b, sum));
    it('hold the products', () => agree((a, b) => a * b, product));
    it('hold the quotients', () => agree((a, b) => a / b, quotient, true));

    it('hold the roots', () =>
      fc.assert(
        fc.property(number, ({ range, value }) =>
          lies(round(Math.sqrt(Math.abs(value))), root(format, range)),
        ),
      ));

    it('of tight numbers are safe for every operation', () => {
      const { tight, loose } = LIMITS[format];
      for (const of of [sum, product, quotient])
        expect(isSafe(format, of(format, tight, tight))).to.equal(true);
      expect(isSafe(format, sum(format, loose, loose))).to.equal(true);
    });

    it('of loose numbers do not grow when products of tight ones are added', () => {
      const { tight, loose } = LIMITS[format];
      const inLoop = { ...loose, least: loose.grain };
      const next = sum(format, inLoop, product(format, tight, tight));
      expect(isInside(next, inLoop)).to.equal(true);
    });

    it('hold fused sums', () => {
      // Products of numbers with few digits are exact, and so are their sums with numbers near them.
      const short = fc.tuple(fc.integer({ min: 1, max: 2047 }), fc.integer({ min: -20, max: 20 }));
      fc.assert(
        fc.property(short, short, short, fc.boolean(), ([x, i], [y, j], [z, k], isNegative) => {
          const exact = x * 2 ** i * (y * 2 ** j) + (isNegative ? -1 : 1) * z * 2 ** k;
          const range = fusedSum(format, rangeAt(i), rangeAt(j), rangeAt(k));
          expect(lies(round(exact), range)).to.equal(true);
        }),
      );
    });

    it('of fused sums are multiples of what both parts are multiples of', () => {
      const [fine, coarse] = [rangeAt(-40), rangeAt(0)];
      expect(fusedSum(format, fine, fine, coarse).grain).to.equal(2 * fine.grain);
      expect(fusedSum(format, coarse, coarse, { ...fine, grain: -999 }).grain).to.equal(-999);
    });

    it('are wide enough for either of two', () =>
      fc.assert(
        fc.property(number, number, (a, b) => {
          const both = either(a.range, b.range);
          expect(lies(a.value, both) && lies(b.value, both)).to.equal(true);
        }),
      ));
  });
}
