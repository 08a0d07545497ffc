import type { ParsedRow } from '../../../core/isa/row.js';
import type { Random } from '../random.js';
import type { TestCase } from '../test-case.js';
import { CODE, DATA, HIGH } from '../test-case.js';
import { interestingInteger } from '../values.js';
import type { FieldName } from './layout.js';
import { ALIAS, ARENA, Arena, OTHER_CR3, USUAL } from './layout.js';

interface Draft {
  readonly testCase: TestCase;
  readonly fields: Partial<Record<FieldName, bigint>>;
  readonly random: Random;
}
type Tuning = (draft: Draft) => void;

const [RAX, RCX, RDX, RSP, RDI, R11] = [0, 1, 2, 4, 7, 11] as const;
const SELECTORS = [
  0, 1, 3, 0x04, 0x07, 0x08, 0x0b, 0x0c, 0x0f, 0x10, 0x13, 0x14, 0x17, 0x18, 0x1b, 0x20, 0x22, 0x23, 0x28,
  0x2b, 0x30, 0x38, 0x40, 0x48, 0x50, 0x53, 0x58, 0x5b, 0x60, 0x63, 0x68, 0x6b, 0x70, 0x73, 0x78, 0x80, 0x83,
  0x88, 0x8b, 0x90, 0x93, 0xa0, 0xa3, 0xb0, 0xb3, 0xc0, 0xd0, 0xd1, 0xd8, 0xd9, 0xe0, 0xe3, 0xe8, 0xf0, 0x100,
  0x103, 0x110, 0x113, 0x120, 0x130, 0x140, 0x143, 0x150, 0x153, 0x158, 0x168, 0x178, 0x1f0, 0xffc, 0xfff8,
  0xffff,
] as const;
const MSRS = [
  0xc000_0080, 0xc000_0081, 0xc000_0082, 0xc000_0083, 0xc000_0084, 0xc000_0100, 0xc000_0101, 0xc000_0102,
  0xc000_0103, 0x174, 0x175, 0x176,
] as const;
const PORTS = [0x80, 0x300, 0x1238, 0x3210] as const;
const VECTORS = [
  0, 1, 3, 4, 6, 8, 13, 14, 0x30, 0x40, 0x41, 0x42, 0x43, 0x44, 0x45, 0x46, 0x47, 0x48, 0x49, 0x4a, 0x4b,
  0x4c, 0xff,
];
/** Where control may go: into the page of the code, most of which is int3. */
const LANDING = CODE + 0xb00n;
/** VM, VIF and VIP: QEMU goes to virtual-8086 mode even from 64-bit mode. */
const VIRTUAL = 0x1a_0000n;
/** The monitor itself reads debug registers. */
const DETECT = 0x2000n;

/** Operands that the row can do something with. */
export function tuneTo({ name }: ParsedRow, draft: Draft): void {
  for (const [pattern, tuning] of TUNINGS) if (pattern.test(name)) tuning(draft);
}

const selector = ({ random }: Draft) => random.pick(SELECTORS);
const canonical = (random: Random) => BigInt.asUintN(64, BigInt.asIntN(48, random.u64()));
const target = ({ random }: Draft) =>
  random.pick([LANDING, LANDING, LANDING, canonical(random), random.u64(), HIGH]);

function setAll({ testCase }: Draft, value: () => bigint, withStack = false): void {
  const { gpr } = testCase.before;
  for (let i = 0; i < 16; i++) if (i !== RSP || withStack) gpr[i] = BigInt.asUintN(64, value());
}

/** What an operand in memory holds; registers that lead there stay as they are. */
function setOperand({ testCase }: Draft, bytes: Uint8Array): void {
  const last = testCase.memory.at(-1);
  last?.bytes.set(bytes.subarray(0, last.bytes.length));
}

const isInMemory = ({ testCase: { code } }: Draft) => code.at(-1)! < 0xc0 || code.length > 4;

/** The operand, in all registers or in memory. */
function setBoth(draft: Draft, value: () => bigint): void {
  setOperand(draft, bytesOf(value()));
  if (!isInMemory(draft)) setAll(draft, value);
}

const bytesOf = (...words: readonly bigint[]) =>
  new Uint8Array(BigUint64Array.from(words.map((word) => BigInt.asUintN(64, word))).buffer);

function controlValue({ testCase, fields, random }: Draft): bigint {
  const register =
    ((testCase.code.at(-1)! >> 3) & 7) + (testCase.code.some((byte) => (byte & 0xf4) === 0x44) ? 8 : 0);
  const flip = (value: bigint, bits: readonly bigint[]) =>
    bits.reduce((all, bit) => (random.oneIn(bits.length) ? all ^ bit : all), value);
  if (register === 0)
    return flip(USUAL.cr0, [
      1n << 1n,
      1n << 2n,
      1n << 3n,
      1n << 5n,
      1n << 16n,
      1n << 18n,
      1n << 29n,
      1n << 30n,
      1n << 40n,
    ]);
  if (register === 3) return flip(random.pick([USUAL.cr3, OTHER_CR3]), [8n, 16n, 1n << 11n]);
  if (register === 4)
    return flip(fields.cr4!, [
      4n,
      8n,
      1n << 4n,
      1n << 6n,
      1n << 7n,
      1n << 8n,
      1n << 9n,
      1n << 10n,
      1n << 11n,
      1n << 16n,
      1n << 17n,
      1n << 18n,
      1n << 20n,
      1n << 21n,
      1n << 22n,
      1n << 33n,
    ]);
  if (register === 8) return BigInt(random.below(20));
  return interestingInteger(random);
}

/** Of instruction fetches nothing, and of data only the page of the tests. */
function debugValue({ testCase, random }: Draft): bigint {
  const register = (testCase.code.at(-1)! >> 3) & 7;
  if (register < 4) return random.u64();
  return (random.oneIn(6) ? random.u64() : BigInt(random.u32())) & ~DETECT & ~0xffn;
}

function frame(draft: Draft, isInterrupt: boolean): void {
  const { testCase, fields, random } = draft;
  const { gpr } = testCase.before;
  const bytes = testCase.code.includes(0x48) ? 8 : testCase.code.includes(0x66) ? 2 : 4;
  const at = 0x1100 + 8 * random.below(16);
  if (!random.oneIn(10)) gpr[RSP] = DATA + BigInt(at);
  const outer = BigInt(random.pick([0x23, 0x23, selector(draft)]));
  const stack = random.pick([DATA + 0x800n, random.u64()]);
  const codes = fields.cs === 8n ? [8, 0x2b, 0x1b, 0x50] : [0x2b, 0x1b];
  const code = BigInt(random.oneIn(2) ? random.pick(codes) : selector(draft));
  const flags = BigInt(random.u32()) & ~VIRTUAL & ~(random.oneIn(6) ? 0n : 0x100n);
  const words = isInterrupt
    ? [target(draft), code, flags, stack, outer]
    : [target(draft), code, stack, outer];
  const image = new Uint8Array(64);
  words.forEach((word, i) => image.set(bytesOf(word).subarray(0, bytes), i * bytes));
  (testCase.memory as { offset: number; bytes: Uint8Array }[]).push({ offset: at, bytes: image });
}

function farPointer(draft: Draft): void {
  const { testCase } = draft;
  const bytes = testCase.code.includes(0x48) ? 8 : testCase.code.includes(0x66) ? 2 : 4;
  const image = new Uint8Array(16);
  image.set(bytesOf(target(draft)).subarray(0, bytes));
  image.set(bytesOf(BigInt(selector(draft))).subarray(0, 2), bytes);
  setOperand(draft, image);
  stackAt(draft);
}

function stackAt({ testCase, random }: Draft): void {
  if (!random.oneIn(6)) testCase.before.gpr[RSP] = DATA + 0x1000n + BigInt(random.below(64) * 8);
}

function tablePointer(draft: Draft): void {
  const { random, testCase } = draft;
  const at = testCase.code.some((byte, i) => byte === 1 && ((testCase.code[i + 1]! >> 3) & 7) === 3)
    ? Arena.idt
    : Arena.gdt;
  const base = random.pick([BigInt(ARENA + at), ALIAS + BigInt(ARENA + at)]);
  const limit = random.pick([0xfff, 0xffff, 0x57f]);
  const image = new Uint8Array(10);
  image.set([limit & 0xff, limit >> 8]);
  image.set(bytesOf(base), 2);
  setOperand(draft, image);
}

function msr({ testCase, random }: Draft): void {
  const { gpr } = testCase.before;
  const number = random.oneIn(10) ? random.pick([0x12345, 0xc000_0105, 0x4000_0000]) : random.pick(MSRS);
  gpr[RCX] = BigInt(number) | ((random.oneIn(2) ? random.u64() << 32n : 0n) & 0xffff_ffff_0000_0000n);
  const value =
    number === 0xc000_0080
      ? 0x501n ^ (random.oneIn(3) ? 1n << BigInt(random.below(16)) : 0n) ^ (random.oneIn(2) ? 0x800n : 0n)
      : random.pick([canonical(random), random.u64(), BigInt(random.u32())]);
  gpr[RAX] = (value & 0xffff_ffffn) | ((random.u64() << 32n) & 0xffff_ffff_0000_0000n);
  gpr[RDX] = value >> 32n;
}

function ports(draft: Draft): void {
  const { testCase, fields, random } = draft;
  testCase.before.gpr[RDX] = BigInt(random.pick(PORTS)) | (random.u64() & ~0xffffn);
  // Ring 0 could write to the monitor.
  if (fields.cs === 8n) testCase.before.gpr[RDI] = DATA + BigInt(64 + random.below(0x1f00));
}

const setImmediate = ({ testCase }: Draft, value: number) =>
  void (testCase.code[testCase.code.length - 1] = value);

const TUNINGS: readonly (readonly [RegExp, Tuning])[] = [
  [/^MOV_Cq_Rq$/, (draft) => setAll(draft, () => controlValue(draft), true)],
  [/^MOV_Dq_Rq$/, (draft) => setAll(draft, () => debugValue(draft))],
  [/^(RDMSR|WRMSR)$/, msr],
  [/^(LGDT|LIDT)_/, tablePointer],
  // QEMU loads a null selector there, and ends at the next interrupt.
  [
    /^LTR_/,
    (draft) => setBoth(draft, () => BigInt(selector(draft) | 0x20) | (draft.random.u64() & ~0xffffn)),
  ],
  [
    /^(LLDT|LAR|LSL|VERR|VERW|MOV_Sw)_/,
    (draft) => setBoth(draft, () => BigInt(selector(draft)) | (draft.random.u64() & ~0xffffn)),
  ],
  [/^(POP_(FS|GS|DS|ES|SS))$/, (draft) => frame(draft, false)],
  [/^(JMPF|CALLF|LSS|LFS|LGS)_/, farPointer],
  [/^IRET$/, (draft) => frame(draft, true)],
  [/^RETF/, (draft) => frame(draft, false)],
  [
    /^LMSW/,
    (draft) => setBoth(draft, () => BigInt(draft.random.below(16)) | (draft.random.u64() & ~0xffffn)),
  ],
  [/^(IN|OUT)_Ib/, (draft) => setImmediate(draft, 0x80)],
  [/^(IN|OUT|REPN?E?_(INS|OUTS)|INS|OUTS)_/, ports],
  [/^(IN_.*_Ib)/, (draft) => setImmediate(draft, 0x80)],
  [/^(INT|PUSH|POP|CALL)/, stackAt],
  [/^INT_Ib$/, (draft) => setImmediate(draft, draft.random.pick(VECTORS))],
  [
    /^SYSRET/,
    (draft) => {
      const { gpr } = draft.testCase.before;
      gpr[RCX] = target(draft);
      gpr[R11] = draft.random.u64() & ~VIRTUAL & ~(draft.random.oneIn(6) ? 0n : 0x100n);
    },
  ],
  [
    /^(XSETBV|XGETBV|WRPKRU|RDPKRU)$/,
    ({ testCase, random }) => {
      const { gpr } = testCase.before;
      gpr[RCX] = random.pick([0n, 0n, 1n << 32n, 0n, 2n]);
      gpr[RDX] = random.pick([0n, 0n, 1n << 40n, 1n]);
      gpr[RAX] = BigInt(random.oneIn(2) ? random.below(16) : random.u32());
    },
  ],
  [
    /^POPF$/,
    (draft) => {
      frame(draft, false);
      setOperand(draft, bytesOf(draft.random.u64() & ~VIRTUAL & ~(draft.random.oneIn(6) ? 0n : 0x100n)));
    },
  ],
];
