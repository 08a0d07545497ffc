import { expect } from 'chai';
import { UPPER_TABLE } from '../files/file-table.js';
import { toArgument, toI32, toU32 } from './arguments.js';

const argumentOf = (value: bigint) =>
  toArgument(Number(value & 0xffff_ffffn), Number((value >> 32n) & 0xffff_ffffn));

describe('arguments of system calls', () => {
  const exact: readonly bigint[] = [
    0n,
    1n,
    0xffff_ffffn,
    0x1_0000_0000n,
    2n ** 53n - 1n,
    -1n,
    -38n,
    -(2n ** 32n),
    -(2n ** 53n),
  ];
  for (const value of exact) {
    it(`${value} stays as it is`, () => expect(argumentOf(value)).to.equal(Number(value)));
  }

  it('bit 62 marks a descriptor of the upper table', () => {
    expect(argumentOf(1n << 62n)).to.equal(UPPER_TABLE);
    expect(argumentOf((1n << 62n) + 7n)).to.equal(UPPER_TABLE + 7);
    expect(argumentOf((1n << 62n) + BigInt(UPPER_TABLE) - 1n)).to.equal(2 * UPPER_TABLE - 1);
  });

  for (const value of [
    2n ** 53n,
    -(2n ** 53n) - 1n,
    1n << 63n,
    1n << 61n,
    (1n << 62n) + BigInt(UPPER_TABLE),
  ]) {
    it(`0x${BigInt.asUintN(64, value).toString(16)} fits no meaning`, () =>
      expect(argumentOf(value)).to.satisfy(Number.isNaN));
  }

  it('the low halves are those of C', () => {
    expect([toU32(-1), toI32(0xffff_fffe), toU32(NaN)]).to.deep.equal([0xffff_ffff, -2, 0]);
  });
});
