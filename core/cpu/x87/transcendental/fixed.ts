/** Fixed-point numbers with this many bits behind the point. */
export const BITS = 256;
const SCALE = BigInt(BITS);
export const ONE = 1n << SCALE;

export const multiply = (a: bigint, b: bigint) => (a * b) >> SCALE;
export const divide = (a: bigint, b: bigint) => (a << SCALE) / b;

/** atan(1 / n) by its series. */
function arcTangentOfInverse(n: bigint): bigint {
  let power = ONE / n;
  let sum = power;
  for (let k = 1n; power !== 0n; k++) {
    power /= n * n;
    sum += (k % 2n === 0n ? power : -power) / (2n * k + 1n);
  }
  return sum;
}

/** Machin's formula. */
export const PI = 4n * (4n * arcTangentOfInverse(5n) - arcTangentOfInverse(239n));

/** 2 * atanh(t), |t| <= 1/3. */
function twiceArcTanh(t: bigint): bigint {
  const square = multiply(t, t);
  let power = t;
  let sum = 0n;
  for (let k = 1n; power !== 0n && power !== -1n; k += 2n) {
    sum += power / k;
    power = multiply(power, square);
  }
  return 2n * sum;
}

export const LN2 = twiceArcTanh(ONE / 3n);

/** ln(1 + x) for x between -1/3 and 1/2. */
export const logOnePlus = (x: bigint) => twiceArcTanh(divide(x, 2n * ONE + x));

/** e^x - 1 for |x| < 1. */
export function exponentialMinusOne(x: bigint): bigint {
  let term = x;
  let sum = 0n;
  for (let k = 2n; term !== 0n && term !== -1n; k++) {
    sum += term;
    term = multiply(term, x) / k;
  }
  return sum;
}

/** [sin x, cos x] for |x| < 1. */
export function sineAndCosine(x: bigint): readonly [bigint, bigint] {
  let [sine, cosine, term] = [0n, 0n, ONE];
  for (let k = 0n; term !== 0n && term !== -1n; k++) {
    const signed = k % 4n < 2n ? term : -term;
    if (k % 2n === 0n) cosine += signed;
    else sine += signed;
    term = multiply(term, x) / (k + 1n);
  }
  return [sine, cosine];
}

const HALVINGS = 3n;

function squareRoot(value: bigint): bigint {
  const wanted = value << SCALE;
  let root = 1n << BigInt((wanted.toString(2).length + 1) >> 1);
  for (;;) {
    const next = (root + wanted / root) >> 1n;
    if (next >= root) return root;
    root = next;
  }
}

/** atan(x) for 0 <= x <= 1: atan(x) = 2 atan(x / (1 + sqrt(1 + x^2))), then the series. */
export function arcTangent(x: bigint): bigint {
  let reduced = x;
  for (let i = 0n; i < HALVINGS; i++)
    reduced = divide(reduced, ONE + squareRoot(ONE + multiply(reduced, reduced)));
  const square = multiply(reduced, reduced);
  let [power, sum] = [reduced, 0n];
  for (let k = 1n; power !== 0n; k += 2n) {
    sum += (k % 4n === 1n ? power : -power) / k;
    power = multiply(power, square);
  }
  return sum << HALVINGS;
}
