import type { Mismatch } from './fuzz.js';
import type { TestCase } from './test-case.js';
import { DATA } from './test-case.js';

const NAMES = 'rax rcx rdx rbx rsp rbp rsi rdi r8 r9 r10 r11 r12 r13 r14 r15'.split(' ');

/** What a line leaves out, as the runner of vectors starts: zero unless named here. */
const DEFAULTS: Record<string, string> = { rflags: '2', mxcsr: '1f80', fcw: '37f' };

/** A mismatch as a line for a vector file: what the host did, and behind it what we did instead. */
export function vectorLine({ row, testCase, differences }: Mismatch): string {
  const bytes = Buffer.from(testCase.code).toString('hex').replace(/../g, '$& ').trim();
  const after = differences.map(([name, expected]) => `${name}=${expected}`).join(' ');
  const ours = differences.map(([name, , actual]) => `${name}=${actual}`).join(' ');
  return `${row.name} | ${bytes} | | ${beforeText(testCase)} | ${after} # ours: ${ours}`;
}

/** Without the zeroes at the end, which memory holds anyway. */
const digits = (bytes: Uint8Array) =>
  Buffer.from(bytes)
    .toString('hex')
    .replace(/(00)+$/, '');

function beforeText({ before, memory }: TestCase): string {
  const view = new DataView(before.fx.buffer, before.fx.byteOffset);
  const part = (at: number, length: number) =>
    Buffer.from(before.fx.slice(at, at + length))
      .reverse()
      .toString('hex');
  const items = [
    ...NAMES.map((name, i) => [name, before.gpr[i]!.toString(16)]),
    ['rflags', before.rflags.toString(16)],
    ['mxcsr', view.getUint32(24, true).toString(16)],
    ['fcw', view.getUint16(0, true).toString(16)],
    ['fsw', view.getUint16(2, true).toString(16)],
    ['ftw', view.getUint8(4).toString(16)],
    ...Array.from({ length: 8 }, (_, i) => [`st${i}`, part(32 + i * 16, 10)]),
    ...Array.from({ length: 16 }, (_, i) => [`xmm${i}`, part(160 + i * 16, 16)]),
    ...memory.map(({ offset, bytes }) => [`[${(DATA + BigInt(offset)).toString(16)}]`, digits(bytes)]),
  ];
  return items
    .filter(([name, value]) => DEFAULTS[name!] !== value && !/^0*$/.test(value!))
    .map(([name, value]) => `${name}=${value}`)
    .join(' ');
}
