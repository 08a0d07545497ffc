import { expect } from 'chai';
import fc from 'fast-check';
import { helperModule } from './index.js';
import { BIAS, Head, PRECISIONS } from './quick.js';

type Number80 = readonly [significand: bigint, head: number];
type Quick = (...args: readonly (bigint | number)[]) => [bigint, number];

/** A positive number as a fraction of whole numbers. */
interface Ratio {
  readonly over: bigint;
  readonly under: bigint;
}

const TOP = 1n << 63n;
const power = (exponent: number): Ratio =>
  exponent >= 0 ? { over: 1n << BigInt(exponent), under: 1n } : { over: 1n, under: 1n << BigInt(-exponent) };
const exponentOf = (head: number) => (head & Head.exponent) - BIAS - 63;

function ratioOf([significand, head]: Number80): Ratio {
  const { over, under } = power(exponentOf(head));
  return { over: significand * over * (head & Head.sign ? -1n : 1n), under };
}

/** A fraction that is not zero, rounded to nearest with so many bits. */
function rounded({ over, under }: Ratio, bits: number): [bigint, number] {
  const [sign, magnitude] = over < 0n ? [Head.sign, -over] : [0, over];
  let exponent = magnitude.toString(2).length - under.toString(2).length - bits;
  let [scaledOver, scaledUnder] = scale(magnitude, under, exponent);
  if (scaledOver / scaledUnder >= 1n << BigInt(bits))
    [scaledOver, scaledUnder] = scale(magnitude, under, ++exponent);
  let whole = scaledOver / scaledUnder;
  const rest = scaledOver % scaledUnder;
  const isUp = rest * 2n > scaledUnder || (rest * 2n === scaledUnder && (whole & 1n) === 1n);
  if (isUp) whole++;
  if (whole === 1n << BigInt(bits)) [whole, exponent] = [whole / 2n, exponent + 1];
  const flags = (isUp ? Head.roundedUp : 0) | (rest === 0n ? 0 : Head.inexact);
  return [whole << BigInt(64 - bits), sign | (exponent + bits - 1 + BIAS) | flags];
}

function scale(over: bigint, under: bigint, exponent: number): [bigint, bigint] {
  return exponent >= 0 ? [over, under << BigInt(exponent)] : [over << BigInt(-exponent), under];
}

const significand = fc.oneof(
  fc.bigInt(TOP, 2n * TOP - 1n),
  fc.bigInt(0n, 2000n).map((few) => TOP + few),
  fc.bigInt(0n, 2000n).map((few) => 2n * TOP - 1n - few),
  fc.bigInt(0n, (1n << 20n) - 1n).map((top) => TOP | (top << 43n)),
);
const head = fc.tuple(fc.integer({ min: BIAS - 70, max: BIAS + 70 }), fc.boolean());
const number80 = fc.tuple(
  significand,
  head.map(([exponent, sign]) => exponent | (sign ? Head.sign : 0)),
);

describe('quick x87 arithmetic', () => {
  let functions: Record<string, Quick>;
  before(() => {
    const env = { memory: new WebAssembly.Memory({ initial: 1 }), transcendental: () => undefined };
    const instance = new WebAssembly.Instance(new WebAssembly.Module(helperModule()), { env });
    functions = instance.exports as Record<string, Quick>;
  });

  const bits = ([high, what]: [bigint, number]) => [BigInt.asUintN(64, high).toString(16), what.toString(16)];

  function agree(name: string, exact: (a: Ratio, b: Ratio) => Ratio): void {
    for (const precision of PRECISIONS) {
      const quick = functions[`quick.${name}.${precision}`]!;
      const check = (a: Number80, b: Number80) => {
        const ratio = exact(ratioOf(a), ratioOf(b));
        const answer = quick(...a, ...b);
        if (ratio.over === 0n) expect(answer).to.deep.equal([0n, 0]);
        else expect(bits(answer)).to.deep.equal(bits(rounded(ratio, precision)));
      };
      fc.assert(fc.property(number80, number80, check), { numRuns: 1500 });
    }
  }

  it('adds as fractions do', () =>
    agree('add', (a, b) => ({ over: a.over * b.under + b.over * a.under, under: a.under * b.under })));
  it('multiplies as fractions do', () =>
    agree('multiply', (a, b) => ({ over: a.over * b.over, under: a.under * b.under })));
  it('divides as fractions do', () =>
    agree('divide', (a, b) => ({
      over: b.over < 0n ? -a.over * b.under : a.over * b.under,
      under: a.under * (b.over < 0n ? -b.over : b.over),
    })));

  it('takes roots that are the nearest', () => {
    const square = fc.bigInt(1n << 31n, (1n << 32n) - 1n).map((root) => root * root);
    const beside = fc.tuple(square, fc.constantFrom(-1n, 0n, 1n)).map(([value, by]) => value + by);
    const any = fc.oneof(significand, beside).map((value) => value << BigInt(64 - value.toString(2).length));
    fc.assert(
      fc.property(any, fc.constantFrom(BIAS, BIAS + 1, BIAS - 7), (value, exponent) => {
        const [root, what] = functions['quick.squareRoot.64']!(value, exponent);
        // With two more bits on each side: value = root^2 holds at this scale.
        const whole = value << (exponent % 2 === BIAS % 2 ? 63n : 64n);
        const nearest = BigInt.asUintN(64, root);
        const [below, above] = [(2n * nearest - 1n) ** 2n, (2n * nearest + 1n) ** 2n];
        expect(below < 4n * whole && 4n * whole < above).to.equal(true);
        expect((what & Head.inexact) !== 0).to.equal(nearest ** 2n !== whole);
        expect((what & Head.roundedUp) !== 0).to.equal(nearest ** 2n > whole);
      }),
      { numRuns: 5000 },
    );
  });
});
