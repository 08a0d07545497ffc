import type { ParsedRow } from '../../core/isa/row.js';
import type { Outcome, Patch } from './test-case.js';
import { YMM_AT } from './test-case.js';
import { undefinedFlags } from './undefined-flags.js';

const STATUS_AND_DIRECTION = 0xcd5n;
const NAMES = 'rax rcx rdx rbx rsp rbp rsi rdi r8 r9 r10 r11 r12 r13 r14 r15'.split(' ');
const MXCSR_AT = 24;

/** What differs between the host's outcome and ours, one item a register or place: [name, expected, actual]. */
export type Difference = readonly [string, string, string];

export function differences(row: ParsedRow, expected: Outcome, actual: Outcome): Difference[] {
  const found: Difference[] = [];
  const check = (name: string, a: string, b: string) => {
    if (a !== b) found.push([name, a, b]);
  };
  const describe = severalAccesses(row) ? vectorText : faultText;
  check('fault', describe(expected), describe(actual));
  if (expected.fault && !actual.fault) return found;
  // Which registers it has loaded by the time of a fault differs between processors.
  if (expected.fault && row.mnemonic === 'popa') return found;
  check('rip', hex(expected.after.rip), hex(actual.after.rip));
  NAMES.forEach((name, i) => {
    const [theirs, ours] = [expected.after.gpr[i]!, actual.after.gpr[i]!];
    if (!isCut(row, i, theirs, ours)) check(name, hex(theirs), hex(ours));
  });
  check('fsbase', hex(expected.after.fsBase), hex(actual.after.fsBase));
  check('gsbase', hex(expected.after.gsBase), hex(actual.after.gsBase));
  const mask = STATUS_AND_DIRECTION & ~undefinedFlags(row);
  check('rflags', hex(expected.after.rflags & mask), hex(actual.after.rflags & mask));
  compareFx(row, expected.after.fx, actual.after.fx, check);
  if (expected.fault && severalAccesses(row)) return found;
  check('memory', changesText(expected.changes), changesText(actual.changes));
  return found;
}

const [RCX, RSI, RDI] = [1, 6, 7];

/**
 * With addresses of 32 bits some processors cut the registers of a string instruction even where it does nothing: for a count of zero, or a
 * fault. The manual has nothing on it.
 */
const isCut = ({ operands }: ParsedRow, register: number, theirs: bigint, ours: bigint) =>
  operands.some(({ kind }) => kind === 'X' || kind === 'Y') &&
  (register === RCX || register === RSI || register === RDI) &&
  theirs === BigInt.asUintN(32, ours);

type Check = (name: string, expected: string, actual: string) => void;

function compareFx(row: ParsedRow, expected: Uint8Array, actual: Uint8Array, check: Check): void {
  const part = (fx: Uint8Array, at: number, length: number) =>
    Buffer.from(fx.slice(at, at + length))
      .reverse()
      .toString('hex');
  const same = (name: string, at: number, length: number) =>
    check(name, part(expected, at, length), part(actual, at, length));
  same('fcw', 0, 2);
  const rounding = row.approximate ? C1 : 0;
  check('fsw', word(expected, 2, rounding), word(actual, 2, rounding));
  same('ftw', 4, 1);
  same('mxcsr', MXCSR_AT, 4);
  for (let i = 0; i < 8; i++) {
    const at = 32 + i * 16;
    if (!row.approximate || !nearlyEqualExtended(expected, actual, at)) same(`st${i}`, at, 10);
  }
  for (let i = 0; i < 16; i++) {
    const at = 160 + i * 16;
    if (!row.approximate || !nearlyEqual(expected, actual, at)) same(`xmm${i}`, at, 16);
    const high = YMM_AT + i * 16;
    if (!row.approximate || !nearlyEqual(expected, actual, high)) same(`ymm${i}h`, high, 16);
  }
}

const C1 = 0x200;
const word = (fx: Uint8Array, at: number, without: number) =>
  ((fx[at]! | (fx[at + 1]! << 8)) & ~without).toString(16);

/** Transcendental functions: the last bits may differ. */
function nearlyEqualExtended(expected: Uint8Array, actual: Uint8Array, at: number): boolean {
  const number = (fx: Uint8Array) => {
    const view = new DataView(fx.buffer, fx.byteOffset + at);
    return (BigInt(view.getUint16(8, true)) << 63n) + (view.getBigUint64(0, true) & (2n ** 63n - 1n));
  };
  const distance = number(expected) - number(actual);
  return distance >= -UNITS && distance <= UNITS;
}
const UNITS = 1n;

/** Reciprocals: the manual allows a relative error of 1.5 * 2^-12 on either side. */
function nearlyEqual(expected: Uint8Array, actual: Uint8Array, at: number): boolean {
  const lanes = (fx: Uint8Array) => new Float32Array(fx.slice(at, at + 16).buffer);
  const [a, b] = [lanes(expected), lanes(actual)];
  return a.every((x, i) => {
    const y = b[i]!;
    return Object.is(x, y) || Math.abs(x - y) <= Math.abs(x) * 2 ** -10;
  });
}

const hex = (value: bigint) => value.toString(16);

/** Microcode with several accesses: which comes first, and what was stored before one faults, is not defined. */
const severalAccesses = (row: ParsedRow) =>
  /maskmov/.test(row.mnemonic) || row.operands.some(({ text }) => text === 'M' || text === 'Mt');

const vectorText = ({ fault }: Outcome) => (fault ? `${fault.vector}` : 'none');

function faultText({ fault }: Outcome): string {
  if (!fault) return 'none';
  const code = fault.cr2 >= 1n << 47n ? fault.errorCode & ~1 : fault.errorCode;
  return `${fault.vector}:${code.toString(16)}:${hex(fault.cr2)}`;
}

const changesText = (changes: readonly Patch[]) =>
  changes
    .map(({ offset, bytes }) => `${offset.toString(16)}=${Buffer.from(bytes).toString('hex')}`)
    .join(' ');
