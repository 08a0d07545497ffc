import type { ParsedRow } from '../../../core/isa/row.js';
import type { Difference } from '../compare.js';
import type { SystemCase } from './instances.js';
import type { SystemOutcome } from './packing.js';

export interface Departed {
  readonly row: ParsedRow;
  readonly systemCase: SystemCase;
  readonly theirs: SystemOutcome;
  readonly mine: SystemOutcome;
}

type Explains = (difference: Difference, departed: Departed) => boolean;

const RF = 0x1_0000n;
const [UD, DB] = ['6', '1'];
const bits = (a: string, b: string) =>
  /^[0-9a-f]+$/.test(a + b) ? BigInt(`0x${a}`) ^ BigInt(`0x${b}`) : -1n;
const differsBy =
  (name: RegExp, mask: bigint): Explains =>
  ([where, a, b]) =>
    name.test(where) && bits(a, b) > 0n && (bits(a, b) & ~mask) === 0n;
/** The descriptor is as it was for QEMU, and has one bit more for us. */
const differsBySet =
  (name: RegExp, bit: bigint): Explains =>
  ([where, theirs, mine]) =>
    name.test(where) &&
    (theirs === 'same' ? (BigInt(`0x${mine}`) & bit) !== 0n : mine !== 'same' && bits(theirs, mine) === bit);
const isRow =
  (pattern: RegExp, explains: Explains = () => true): Explains =>
  (difference, departed) =>
    pattern.test(departed.row.name) && explains(difference, departed);
const STATUS = 0x8d5n;
const DF = 0x400n;
const SMAP = 0x20_0000n;
const [CD_NW, NW, ZF] = [0x6000_0000n, 0x2000_0000n, 0x40] as const;
const GP = 'd';
const ACCESSED = 1n << 40n;
const isCanonical = (value: string) =>
  BigInt.asUintN(64, BigInt.asIntN(48, BigInt(`0x${value}`))) === BigInt(`0x${value}`);
const hasRexW = (code: Uint8Array) => code.some((byte) => (byte & 0xf8) === 0x48);
const isUser = ({ cs }: SystemCase['fields']) => (cs! & 3n) === 3n;

/** Where QEMU 7.2 leaves the manual, or the manual leaves it open: the difference that is explained by it. */
const DEPARTURES: readonly (readonly [reason: string, explains: Explains])[] = [
  ['ends, or never comes back', (_, { theirs }) => theirs.get('cs') === '0'],
  ['does not set RF in the image of a fault', differsBy(/^(rflags|\[5...\])$/, RF)],
  ['has another time stamp', isRow(/^RDTSC/, ([name]) => /^r[ad]x$/.test(name))],
  ['clears all status flags in syscall', isRow(/^SYSCALL$/, differsBy(/^rflags$/, STATUS | DF | RF))],
  ['loads RF and VM in sysret', isRow(/^SYSRET/, differsBy(/^rflags$/, 0x3_0000n))],
  [
    'accesses the stack of far calls, returns and interrupts in ring 3 as the supervisor',
    isRow(
      /^(IRET|RETF|CALLF|INT)/,
      ([name, a, b], { systemCase: { fields }, theirs }) =>
        isUser(fields) &&
        theirs.get('vector') === 'e' &&
        ((fields.cr4! & SMAP) !== 0n || (name === 'code' && bits(a, b) === 4n)),
    ),
  ],
  [
    'does not trap right behind a sysret that sets TF',
    isRow(/^SYSRET/, (_, { mine, theirs }) => mine.get('vector') === DB && theirs.get('vector') !== DB),
  ],
  [
    'keeps the upper halves of rsp and rip in compatibility mode, which the manual leaves open',
    isRow(
      /^(SYSRET|IRET|RETF|JMPF|CALLF)/,
      ([name, theirs, mine]) =>
        /^r[si]p$/.test(name) && BigInt(`0x${mine}`) === BigInt.asUintN(32, BigInt(`0x${theirs}`)),
    ),
  ],
  [
    'has every model-specific register',
    isRow(
      /^(RD|WR)MSR$/,
      (_, { mine, theirs, systemCase: { gpr } }) =>
        mine.get('vector') === GP &&
        theirs.get('vector') !== GP &&
        !/^(c000008|c000010[0-3]|17[456])/.test((gpr[1]! & 0xffff_ffffn).toString(16)),
    ),
  ],
  [
    'ignores reserved bits of EFER, and lets LME change under paging',
    isRow(
      /^WRMSR$/,
      (_, { mine, systemCase: { gpr } }) =>
        mine.get('vector') === GP && (gpr[1]! & 0xffff_ffffn) === 0xc000_0080n,
    ),
  ],
  [
    'goes to addresses that are not canonical',
    ([name], { mine, theirs, row }) =>
      mine.get('vector') === GP &&
      (!isCanonical(theirs.get('rip')!) ||
        (name === 'code' && mine.get('code') === '0' && /^(IRET|RETF)/.test(row.name))),
  ],
  [
    'takes bases and addresses of MSRs that are not canonical',
    isRow(
      /^WR([FG]SBASE|MSR)/,
      (_, { mine, theirs }) => mine.get('vector') === GP && theirs.get('vector') !== GP,
    ),
  ],
  ['does not mark code segments as accessed', differsBySet(/^\[1?[0-9a-f]{1,3}\]$/, ACCESSED)],
  [
    'takes reserved bits of TSC_AUX',
    isRow(
      /^WRMSR$/,
      (_, { mine, systemCase: { gpr } }) =>
        mine.get('vector') === GP && (gpr[1]! & 0xffff_ffffn) === 0xc000_0103n,
    ),
  ],
  [
    'asks for ring 0 before it asks whether a control register exists',
    isRow(/^MOV_(Cq|Rq)/, (_, { mine, theirs }) => theirs.get('vector') === GP && mine.get('vector') === UD),
  ],
  [
    'ignores REX.W of lss, lfs and lgs, as AMD has it',
    isRow(/^L[SFG]S_/, (_, { systemCase: { code } }) => hasRexW(code)),
  ],
  ['has no performance counters at all', isRow(/^RDPMC$/, (_, { theirs }) => theirs.get('vector') === UD)],
  [
    'takes sti as a reason to hold a single step back',
    isRow(/^STI$/, (_, { mine, theirs }) => mine.get('vector') === DB && theirs.get('vector') !== DB),
  ],
  ['keeps reserved bits of DR6 and DR7', isRow(/^MOV_Dq/, differsBy(/^dr[67]$/, 0xd800n))],
  [
    'stores the limit of a table before it knows that the base can be stored',
    isRow(/^S[GI]DT/, ([name], { theirs }) => /^\[[56]/.test(name) && theirs.get('vector') === 'e'),
  ],
  [
    'loads a task state segment of 16 bits in 64-bit mode',
    isRow(
      /^LTR/,
      (_, { mine, theirs }) =>
        mine.get('vector') === GP && (parseInt(theirs.get('tr')!, 16) & 0xfffc) === 0xf0,
    ),
  ],
  [
    'raises #GP for addresses in the stack segment that are not canonical',
    ([name, theirs, mine]) => name === 'vector' && theirs === GP && mine === 'c',
  ],
  [
    'cuts rsp to 32 bits for iret and retf of 16 and 32 bits, as it is in compatibility mode',
    isRow(/^(IRET|RETF)/, (_, { systemCase: { code, gpr } }) => !hasRexW(code) && gpr[4]! >> 32n !== 0n),
  ],
  ['notes conditions of data breakpoints that are off', differsBy(/^dr6$/, 0xfn)],
  ['leaves the privilege out of the selector of conforming code', isRow(/^CALLF/, differsBy(/^cs$/, 3n))],
  [
    'ignores the rules for CD and NW',
    isRow(
      /^MOV_Cq/,
      (_, { mine, theirs }) =>
        mine.get('vector') === GP && (BigInt(`0x${theirs.get('cr0')!}`) & CD_NW) === NW,
    ),
  ],
  [
    'knows descriptors of 16 bits in 64-bit mode',
    isRow(
      /^(LAR|LSL)_/,
      (_, { mine, theirs }) =>
        (parseInt(theirs.get('rflags')!, 16) & ~parseInt(mine.get('rflags')!, 16) & ZF) !== 0,
    ),
  ],
  [
    'takes a null stack selector of any privilege',
    (_, { mine, theirs }) =>
      mine.get('vector') === GP && parseInt(theirs.get('ss')!, 16) < 4 && theirs.get('ss') !== mine.get('ss'),
  ],
  [
    'does not compare the offset of a far call or return with the limit of the segment',
    isRow(
      /^(RETF|IRET|CALLF)/,
      (_, { mine, theirs, systemCase: { code } }) =>
        mine.get('vector') === GP &&
        mine.get('code') === '0' &&
        (theirs.get('code') === '14' || hasRexW(code)),
    ),
  ],
  [
    'loads code that is of 64 and of 32 bits at once',
    isRow(/^(JMPF|CALLF|RETF|IRET)/, (_, { mine }) => mine.get('vector') === GP && mine.get('code') === 'e8'),
  ],
  ['keeps 16 bits of the selector for sysenter', differsBy(/^sysenterCs$/, 0xffff_0000n)],
  [
    'drops the upper half of CR0',
    isRow(
      /^MOV_Cq/,
      (_, { mine, systemCase: { gpr } }) =>
        mine.get('vector') === GP && gpr.some((value) => value >> 32n === 0x100n),
    ),
  ],
  [
    'cuts bases of tables to 24 bits behind prefix 66, even in 64-bit mode',
    isRow(/^L[GI]DT/, (_, { systemCase: { code } }) => code.includes(0x66)),
  ],
  [
    'has no int1',
    isRow(/^INT1$/, (_, { theirs, mine }) => theirs.get('vector') === UD && mine.get('vector') === DB),
  ],
  [
    'numbers gates of 64-bit mode by their 8-byte halves in error codes',
    isRow(/^INT/, ([name, a, b]) => name === 'code' && parseInt(a, 16) >> 4 === parseInt(b, 16) >> 3),
  ],
  [
    'extends the sign of the bytes that retf drops',
    isRow(/^RETF_Iw$/, (_, { systemCase: { code } }) => code.at(-1)! >= 0x80),
  ],
];

/** Why QEMU differs there, if it is none of ours. */
export function departureOf(difference: Difference, departed: Departed): string | undefined {
  return DEPARTURES.find(([, explains]) => explains(difference, departed))?.[0];
}
