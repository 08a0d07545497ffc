import type { ParsedRow } from '../../core/isa/row.js';
import type { CpuState, Outcome, TestCase } from './test-case.js';
import { DATA, YMM_AT } from './test-case.js';
import { flagMask } from './undefined-flags.js';

const NAMES = 'rax rcx rdx rbx rsp rbp rsi rdi r8 r9 r10 r11 r12 r13 r14 r15'.split(' ');
const FLAGS: Record<string, bigint> = {
  cf: 1n,
  pf: 4n,
  af: 0x10n,
  zf: 0x40n,
  sf: 0x80n,
  of: 0x800n,
  df: 0x400n,
};
const CODE_AT = 0x1_0000n;
/** What a line leaves out, as the runner of vectors starts. */
const DEFAULTS: Record<string, string> = { mxcsr: '1f80', fcw: '37f', rsp: '80000' };

type Item = readonly [name: string, value: string];

const highFirst = (fx: Uint8Array, at: number, length: number) =>
  Buffer.from(fx.slice(at, at + length))
    .reverse()
    .toString('hex');

/** Registers by their names in vector files. */
function registerItems({ gpr, fx }: CpuState): Item[] {
  const view = new DataView(fx.buffer, fx.byteOffset);
  return [
    ...NAMES.map((name, i): Item => [name, gpr[i]!.toString(16)]),
    ['mxcsr', view.getUint32(24, true).toString(16)],
    ['fcw', view.getUint16(0, true).toString(16)],
    ['fsw', view.getUint16(2, true).toString(16)],
    ['ftw', view.getUint8(4).toString(16)],
    ...Array.from({ length: 8 }, (_, i): Item => [`st${i}`, highFirst(fx, 32 + i * 16, 10)]),
    ...Array.from({ length: 16 }, (_, i): Item => [`xmm${i}`, highFirst(fx, 160 + i * 16, 16)]),
    ...Array.from({ length: 16 }, (_, i): Item => [`ymm${i}h`, highFirst(fx, YMM_AT + i * 16, 16)]),
  ];
}

/** Without the zeroes at the end, which memory holds anyway. */
const digits = (bytes: Uint8Array) =>
  Buffer.from(bytes)
    .toString('hex')
    .replace(/(00)+$/, '');
const place = (offset: number) => `[${(DATA + BigInt(offset)).toString(16)}]`;
const text = (items: readonly Item[]) => items.map(([name, value]) => `${name}=${value}`).join(' ');

export function beforeText({ before, memory }: TestCase): string {
  const flags = Object.entries(FLAGS)
    .filter(([, bit]) => before.rflags & bit)
    .map(([name]): Item => [name, '1']);
  const items = [
    ...registerItems(before),
    ...memory.map(({ offset, bytes }): Item => [place(offset), digits(bytes)]),
  ];
  return text([
    ...items.filter(([name, value]) => DEFAULTS[name] !== value && !/^0*$/.test(value)),
    ...flags,
  ]);
}

/** What changed, and the flags that the row defines. x87 registers by where they are after, only those that hold something new. */
export function afterText(row: ParsedRow, testCase: TestCase, { fault, after, changes }: Outcome): string {
  if (fault) return `fault=${fault.vector.toString(16)}`;
  const was = new Map(registerItems(testCase.before));
  const changed = registerItems(after).filter(
    ([name, value]) => !name.startsWith('st') && was.get(name) !== value,
  );
  const defined = Object.entries(FLAGS).filter(([, bit]) => flagMask(row.flags) & bit);
  const flags = defined.map(([name, bit]): Item => [name, after.rflags & bit ? '1' : '0']);
  const memory = changes.map(({ offset, bytes }): Item => [
    place(offset),
    Buffer.from(bytes).toString('hex'),
  ]);
  const next = CODE_AT + BigInt(testCase.code.length);
  const rip: Item[] = after.rip === next ? [] : [['rip', after.rip.toString(16)]];
  return text([...changed, ...x87Changes(testCase.before, after), ...memory, ...flags, ...rip]);
}

const topOf = ({ fx }: CpuState) => (fx[3]! >> 3) & 7;

function x87Changes(before: CpuState, after: CpuState): Item[] {
  const items: Item[] = [];
  for (let i = 0; i < 8; i++) {
    const physical = (topOf(after) + i) & 7;
    const old = (physical - topOf(before)) & 7;
    const [value, was] = [highFirst(after.fx, 32 + i * 16, 10), highFirst(before.fx, 32 + old * 16, 10)];
    if (value !== was) items.push([`st${i}`, value]);
  }
  return items;
}
