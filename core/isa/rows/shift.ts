import type { Emitter } from '../../cpu/emitter/emitter.js';
import { toState64 } from '../../cpu/emitter/emitter.js';
import { cf, replaceFlags, resultFlags, setCarryAndOverflow } from '../../cpu/emitter/flags.js';
import { State } from '../../cpu/layout.js';
import type { Expr } from '../../cpu/wasm/expr.js';
import { i32, i64 } from '../../cpu/wasm/expr.js';
import type { Meaning, Row } from '../row.js';

const zero = i64.const(0);
const one = i64.const(1);

/** Bit `at` of a value as an i32 truth value. */
const bit = (value: Expr, at: Expr) => i32.and(i32.wrap(i64.shrU(value, at)), i32.const(1));
const topBit = (e: Emitter, value: Expr, below = 0) => bit(value, i64.const(e.size - 1 - below));

interface Shifted {
  readonly result: Expr;
  /** Called only when the count is not zero. */
  readonly setFlags: () => void;
}

type Shift = (e: Emitter, value: Expr, count: Expr) => Shifted;

type Combine = (value: Expr, count: Expr) => Expr;

/** On a 32-bit operand as the processor does it, with counts below 32. */
const halved = (operation: Combine, value: Expr, count: Expr) =>
  i64.extendU(operation(i32.wrap(value), i32.wrap(count)));

/** Bits above the operand are zero, so a count up to 31 on a small operand works out by itself; 64 needs no care: counts stop at 63. */
const shl: Shift = (e, value, count) => {
  const wide = e.let(i64.shl(value, count));
  const result = e.let(e.size === 32 ? halved(i32.shl, value, count) : e.trim(wide));
  // The last bit that went out: bit `size` of the unbounded result, or bit 64 - count of the value.
  const carry = e.size === 64 ? bit(value, i64.sub(i64.const(64), count)) : bit(wide, i64.const(e.size));
  return {
    result,
    setFlags: () => shiftFlags(e, e.let(carry), (last) => i32.xor(last, topBit(e, result)), result),
  };
};

const shr: Shift = (e, value, count) => {
  const result = e.let(i64.shrU(value, count));
  const carry = bit(value, i64.sub(count, one));
  return { result, setFlags: () => shiftFlags(e, e.let(carry), () => topBit(e, value), result) };
};

const sar: Shift = (e, value, count) => {
  const signed = e.let(e.signed(value));
  const result = e.let(e.size === 32 ? halved(i32.shrS, value, count) : e.trim(i64.shrS(signed, count)));
  const carry = bit(i64.shrS(signed, i64.sub(count, one)), zero);
  return { result, setFlags: () => shiftFlags(e, e.let(carry), () => i32.const(0), result) };
};

/** AF is undefined; processors clear it. */
function shiftFlags(e: Emitter, carry: Expr, overflow: (carry: Expr) => Expr, result: Expr): void {
  replaceFlags(e);
  e.body.do(toState64(State.carries, zero));
  setCarryAndOverflow(e, carry, overflow(carry));
  resultFlags(e, result);
}

/** Rotations leave SF ZF AF PF alone; the count within the operand decides the result, the masked count the flags. */
const rol: Shift = (e, value, count) => {
  const result = rotated(e, value, [i32.rotl, i64.rotl], count, (turn) => [
    i64.shl(value, turn),
    i64.shrU(value, i64.sub(sizeOf(e), turn)),
  ]);
  const setFlags = () => {
    const carry = e.let(bit(result, zero));
    setCarryAndOverflow(e, carry, i32.xor(carry, topBit(e, result)));
  };
  return { result, setFlags };
};

const ror: Shift = (e, value, count) => {
  const result = rotated(e, value, [i32.rotr, i64.rotr], count, (turn) => [
    i64.shrU(value, turn),
    i64.shl(value, i64.sub(sizeOf(e), turn)),
  ]);
  const setFlags = () => {
    const carry = e.let(topBit(e, result));
    setCarryAndOverflow(e, carry, i32.xor(carry, topBit(e, result, 1)));
  };
  return { result, setFlags };
};

const sizeOf = (e: Emitter) => i64.const(e.size);

function rotated(
  e: Emitter,
  value: Expr,
  [half, whole]: readonly [Combine, Combine],
  count: Expr,
  parts: (turn: Expr) => [Expr, Expr],
): Expr {
  if (e.size === 64) return e.let(whole(value, count));
  if (e.size === 32) return e.let(halved(half, value, count));
  const turn = e.let(i64.and(count, i64.const(e.size - 1)));
  const [moved, wrapped] = parts(turn);
  return e.let(e.trim(i64.or(moved, wrapped)));
}

/**
 * Through CF: `turn` is the count modulo size + 1, and 0 changes nothing. Parts that would be shifted by 64 or more are taken in two
 * steps.
 */
const rcl: Shift = (e, value, count) => {
  const turn = turnThroughCarry(e, count);
  const carried = i64.shl(cf(), i64.sub(turn, one));
  const wrapped = i64.shrU(i64.shrU(value, i64.sub(sizeOf(e), turn)), one);
  const moved = i64.or(i64.or(i64.shl(value, turn), carried), wrapped);
  const result = choose(e, turn, e.trim(moved), value);
  const setFlags = () => {
    const carry = e.let(
      i32.wrap(choose(e, turn, i64.and(i64.shrU(value, i64.sub(sizeOf(e), turn)), one), cf())),
    );
    setCarryAndOverflow(e, carry, i32.xor(carry, topBit(e, result)));
  };
  return { result, setFlags };
};

const rcr: Shift = (e, value, count) => {
  const turn = turnThroughCarry(e, count);
  const carried = i64.shl(cf(), i64.sub(sizeOf(e), turn));
  const wrapped = i64.shl(i64.shl(value, i64.sub(sizeOf(e), turn)), one);
  const moved = i64.or(i64.or(i64.shrU(value, turn), carried), wrapped);
  const result = choose(e, turn, e.trim(moved), value);
  const setFlags = () => {
    const carry = e.let(i32.wrap(choose(e, turn, i64.and(i64.shrU(value, i64.sub(turn, one)), one), cf())));
    setCarryAndOverflow(e, carry, i32.xor(topBit(e, result), topBit(e, result, 1)));
  };
  return { result, setFlags };
};

function choose(e: Emitter, turn: Expr, some: Expr, none: Expr): Expr {
  const chosen = e.body.temporary('i64');
  e.body.set(chosen, none);
  e.body.if(i64.ne(turn, zero), () => e.body.set(chosen, some));
  return e.body.get(chosen);
}

function turnThroughCarry(e: Emitter, count: Expr): Expr {
  return e.size >= 32 ? count : e.let(i64.remU(count, i64.const(e.size + 1)));
}

type Count = (e: Emitter) => Expr;
const masked = (e: Emitter, count: Expr) => i64.and(count, i64.const(e.size === 64 ? 63 : 31));
const byImmediate: Count = (e) => masked(e, i64.extendU(e.field8(12)));
const byCl: Count = (e) => masked(e, e.gpr(1, 8));
const byOne: Count = () => one;

const shifts =
  (shift: Shift, count: Count, always: boolean): Meaning =>
  (e) => {
    const value = e.update(0);
    const by = e.let(count(e));
    const { result, setFlags } = shift(e, value, by);
    e.write(0, result);
    if (always) setFlags();
    else e.body.if(i64.ne(by, zero), setFlags);
  };

interface Operation {
  readonly name: string;
  readonly digit: number;
  readonly shift: Shift;
  readonly flags: string;
  readonly undefined?: string;
  /** Counts whose word forms in registers are hot. */
  readonly hot?: string;
}

const ROTATE = { flags: 'oc' } as const;
const SHIFT = { flags: 'oszpc', undefined: 'a' } as const;

const OPERATIONS: readonly Operation[] = [
  { ...ROTATE, name: 'ROL', digit: 0, shift: rol, hot: 'Ib' },
  { ...ROTATE, name: 'ROR', digit: 1, shift: ror, hot: 'Ib' },
  { ...ROTATE, name: 'RCL', digit: 2, shift: rcl },
  { ...ROTATE, name: 'RCR', digit: 3, shift: rcr },
  { ...SHIFT, name: 'SHL', digit: 4, shift: shl, hot: 'Ib CL' },
  { ...SHIFT, name: 'SHR', digit: 5, shift: shr, hot: 'Ib 1 CL' },
  { ...SHIFT, name: 'SHL_alias', digit: 6, shift: shl },
  { ...SHIFT, name: 'SAR', digit: 7, shift: sar, hot: 'Ib 1 CL' },
];

/** OF is defined for counts of one only, and rotations by more leave it open. */
function family({ name, digit, shift, flags, undefined: open = '', hot = '' }: Operation): Row[] {
  const alias = name.endsWith('_alias') ? { mnemonics: ['shl', 'shl', 'shl'] } : {};
  const heat = (count: string) => hot.split(' ').includes(count) && { hot: '32r 64r' };
  const common = { flags, ...(open && { undefined: open }), ...alias };
  const many = { flags: flags.replace('o', ''), undefined: `o${open}`, ...alias };
  return [
    { ...many, name: `${name}_Eb_Ib`, encoding: `c0 /${digit}`, does: shifts(shift, byImmediate, false) },
    {
      ...many,
      name: `${name}_Ev_Ib`,
      encoding: `c1 /${digit}`,
      does: shifts(shift, byImmediate, false),
      ...heat('Ib'),
    },
    { ...common, name: `${name}_Eb_1`, encoding: `d0 /${digit}`, does: shifts(shift, byOne, true) },
    {
      ...common,
      name: `${name}_Ev_1`,
      encoding: `d1 /${digit}`,
      does: shifts(shift, byOne, true),
      ...heat('1'),
    },
    { ...many, name: `${name}_Eb_CL`, encoding: `d2 /${digit}`, does: shifts(shift, byCl, false) },
    {
      ...many,
      name: `${name}_Ev_CL`,
      encoding: `d3 /${digit}`,
      does: shifts(shift, byCl, false),
      ...heat('CL'),
    },
  ];
}

/** For 16-bit operands counts above 16 are undefined; processors shift the pair dest:source:dest on. */
function doubleShift(left: boolean, count: Count): Meaning {
  return (e) => {
    const value = e.update(0);
    const source = e.read(1);
    const by = e.let(count(e));
    const rest = i64.sub(sizeOf(e), by);
    const result = e.body.temporary('i64');
    const carry = e.body.temporary('i32');
    e.body.set(result, value);
    const shiftBoth = () => {
      if (e.size === 16) return wordPair(e, { left, value, source, by, result, carry });
      e.body.set(
        result,
        e.trim(
          left
            ? i64.or(i64.shl(value, by), i64.shrU(source, rest))
            : i64.or(i64.shrU(value, by), i64.shl(source, rest)),
        ),
      );
      e.body.set(carry, left ? bit(value, rest) : bit(value, i64.sub(by, one)));
    };
    e.body.if(i64.ne(by, zero), shiftBoth);
    e.write(0, e.body.get(result));
    e.body.if(i64.ne(by, zero), () => {
      replaceFlags(e);
      e.body.do(toState64(State.carries, zero));
      setCarryAndOverflow(e, e.body.get(carry), i32.xor(topBit(e, value), topBit(e, e.body.get(result))));
      resultFlags(e, e.body.get(result));
    });
  };
}

interface Pair {
  readonly left: boolean;
  readonly value: Expr;
  readonly source: Expr;
  readonly by: Expr;
  readonly result: ReturnType<Emitter['body']['temporary']>;
  readonly carry: ReturnType<Emitter['body']['temporary']>;
}

function wordPair(e: Emitter, { left, value, source, by, result, carry }: Pair): void {
  const at = (part: Expr, place: number) => i64.shl(part, i64.const(place));
  if (left) {
    const triple = e.let(i64.or(i64.or(at(value, 32), at(source, 16)), value));
    e.body.set(result, e.trim(i64.shrU(i64.shl(triple, by), i64.const(32))));
    e.body.set(carry, bit(triple, i64.sub(i64.const(48), by)));
    return;
  }
  const triple = e.let(i64.or(i64.or(at(value, 32), at(source, 16)), value));
  e.body.set(result, e.trim(i64.shrU(triple, by)));
  e.body.set(carry, bit(triple, i64.sub(by, one)));
}

const double: Row[] = [
  { name: 'SHLD_Ev_Gv_Ib', encoding: '0f a4 /r', does: doubleShift(true, byImmediate) },
  { name: 'SHLD_Ev_Gv_CL', encoding: '0f a5 /r', does: doubleShift(true, byCl) },
  { name: 'SHRD_Ev_Gv_Ib', encoding: '0f ac /r', does: doubleShift(false, byImmediate) },
  { name: 'SHRD_Ev_Gv_CL', encoding: '0f ad /r', does: doubleShift(false, byCl) },
].map((row) => ({ ...row, flags: 'szpc', undefined: 'oa' }));

export const shiftRows: readonly Row[] = [...OPERATIONS.flatMap(family), ...double];
