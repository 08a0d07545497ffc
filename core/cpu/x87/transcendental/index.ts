import type { CpuState } from '../../state.js';
import { Class, Exception, FLAGS, OPERAND_A, OPERAND_B, RESULT, UNMASKED } from '../scratch.js';
import type { Operand, Result } from './functions.js';
import {
  angle,
  cosine,
  exponential,
  sine,
  tangent,
  timesLogarithm,
  timesLogarithmOnePlus,
} from './functions.js';

/** Numbers of the functions; the x87 library asks for them with A = ST(0) and B = ST(1). */
export const Transcendental = {
  sine: 0,
  cosine: 1,
  tangent: 2,
  exponential: 3,
  timesLogarithm: 4,
  timesLogarithmOnePlus: 5,
  angle: 6,
} as const;

const FUNCTIONS: readonly ((a: Operand, b: Operand) => Result)[] = [
  sine,
  cosine,
  tangent,
  exponential,
  timesLogarithm,
  timesLogarithmOnePlus,
  angle,
];

const KINDS = { [Class.zero]: 'zero', [Class.finite]: 'finite', [Class.infinity]: 'infinity' } as const;
const DEFAULT_NAN = 0xc000_0000_0000_0000n;

/**
 * Computes a function of the operands that the library has taken apart (no NaNs among them) with more bits than the result
 * holds, and leaves the result for the library to round.
 */
export function computeTranscendental(state: CpuState, operation: number): void {
  const result = FUNCTIONS[operation]!(operandAt(state, OPERAND_A), operandAt(state, OPERAND_B));
  if (result.kind === 'invalid') {
    state.set32(FLAGS, Exception.IE);
    setResult(state, Class.quiet, true);
    state.set64(RESULT + 16, DEFAULT_NAN);
  } else if (result.kind === 'finite') {
    setResult(state, Class.finite, result.negative);
    setSignificand(state, result);
  } else {
    if (result.divideByZero) state.set32(FLAGS, Exception.ZE);
    setResult(state, result.kind === 'zero' ? Class.zero : Class.infinity, result.negative);
  }
}

function operandAt(state: CpuState, at: number): Operand {
  return {
    kind: KINDS[state.get32(at) as keyof typeof KINDS] ?? 'zero',
    negative: state.get32(at + 4) !== 0,
    exponent: state.get32(at + 8) | 0,
    significand: state.get64(at + 16),
  };
}

function setResult(state: CpuState, kind: number, negative: boolean): void {
  state.set32(RESULT, kind);
  state.set32(RESULT + 4, negative ? 1 : 0);
}

const WIDTH = 128;
const MIN_EXPONENT = -16382;
const LOW = (1n << 64n) - 1n;

/** 128 bits with the leading one first; bit 0 says that there is more. */
function setSignificand(
  state: CpuState,
  { value, exponent, exactness }: Extract<Result, { kind: 'finite' }>,
): void {
  const length = value.toString(16).length * 4 - (Math.clz32(parseInt(value.toString(16)[0]!, 16)) - 28);
  const excess = length - WIDTH;
  const kept = excess > 0 ? value >> BigInt(excess) : value << BigInt(-excess);
  state.set64(RESULT + 16, kept >> 64n);
  state.set64(RESULT + 24, (kept & LOW) | (exactness === 'inexact' ? 1n : 0n));
  state.set32(RESULT + 8, exponent + length - 1);
  const stopped = state.get32(FLAGS) & state.get32(UNMASKED);
  if (stopped || exactness !== 'exact but reported inexact') return;
  const tiny = exponent + length - 1 < MIN_EXPONENT ? Exception.UE : 0;
  state.set32(FLAGS, state.get32(FLAGS) | Exception.PE | tiny);
}
