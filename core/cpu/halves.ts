/** A linear address of 64 bits from its halves, signed or unsigned. */
export const linearOf = (low: number, high: number): bigint =>
  (BigInt(high >>> 0) << 32n) | BigInt(low >>> 0);

export const lowHalf = (linear: bigint): number => Number(linear & 0xffff_ffffn);
export const highHalf = (linear: bigint): number => Number(BigInt.asUintN(64, linear) >> 32n);
