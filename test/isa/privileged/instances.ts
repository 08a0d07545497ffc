import type { ParsedRow } from '../../../core/isa/row.js';
import { plainInstance, randomInstance } from '../instance.js';
import type { Random } from '../random.js';
import type { TestCase } from '../test-case.js';
import { CODE, DATA, PAGE_BYTES } from '../test-case.js';
import { interestingInteger } from '../values.js';
import type { FieldName } from './layout.js';
import { Arena, Selector, USUAL } from './layout.js';
import { tuneTo } from './tuning.js';

/** An instruction and the system around it. */
export interface SystemCase {
  readonly code: Uint8Array;
  readonly codeOffset: number;
  readonly fields: Partial<Record<FieldName, bigint>>;
  readonly gpr: BigUint64Array;
  /** Into the arena. */
  readonly patches: readonly { readonly at: number; readonly bytes: Uint8Array }[];
}

const MOST_PATCHES = 4;
const [TF, IOPL, NT, AC] = [0x100n, 0x1000n, 0x4000n, 0x4_0000n] as const;

/** A random instance of a row in ring 0 or 3, with operands that the row can do something with. */
export function systemInstance(row: ParsedRow, random: Random): SystemCase {
  const testCase = random.oneIn(3) ? randomInstance(row, random) : plainInstance(row, random);
  const fields = environment(random);
  tuneTo(row, { testCase, fields, random });
  const { gpr } = testCase.before;
  return {
    code: testCase.code,
    codeOffset: testCase.codeOffset,
    fields: {
      ...fields,
      rip: CODE + BigInt(testCase.codeOffset),
      rsp: gpr[4]!,
      rflags: fields.rflags! | testCase.before.rflags,
    },
    gpr,
    patches: patchesOf(testCase),
  };
}

/** The last ones are of operands. */
function patchesOf({ memory }: TestCase): SystemCase['patches'] {
  return memory.slice(-MOST_PATCHES).map(({ offset, bytes }) => {
    const isFixed = offset >= 2 * PAGE_BYTES;
    return { at: isFixed ? Arena.fixed + offset - 2 * PAGE_BYTES : Arena.data + offset, bytes };
  });
}

function environment(random: Random): Partial<Record<FieldName, bigint>> {
  const isUser = random.oneIn(2);
  const often = (value: bigint, times: number) => (random.oneIn(times) ? 0n : value);
  const seldom = (value: bigint, times: number) => (random.oneIn(times) ? value : 0n);
  const canonical = () => BigInt.asUintN(64, BigInt.asIntN(48, random.u64()));
  const data = BigInt(random.pick([0, Selector.USER_DATA]));
  return {
    cs: BigInt(isUser ? Selector.USER_CODE : Selector.KERNEL_CODE),
    ss: BigInt(isUser ? Selector.USER_DATA : random.pick([Selector.KERNEL_DATA, 0])),
    ds: data,
    es: data,
    fs: data,
    gs: data,
    ldtr: often(BigInt(Selector.LOCAL), 4),
    tr: BigInt(Selector.TASK),
    rflags: BigInt(random.below(4)) * IOPL + seldom(TF, 12) + seldom(NT, 20) + seldom(AC, 12),
    cr0: USUAL.cr0 ^ seldom(0x8n, 8) ^ seldom(0x4_0000n, 3) ^ seldom(0x1_0000n, 6) ^ seldom(0x4n, 12),
    cr2: random.u64(),
    cr3: USUAL.cr3,
    cr4:
      USUAL.cr4 ^
      seldom(0x4n, 4) ^
      seldom(0x8n, 4) ^
      seldom(0x100n, 4) ^
      seldom(0x800n, 4) ^
      seldom(0x1_0000n, 4) ^
      seldom(0x4_0000n, 6) ^
      seldom(0x200n, 12) ^
      seldom(0x40_0000n, 6) ^
      seldom(0x20_0000n, 10) ^
      seldom(0x2_0000n, 6),
    cr8: BigInt(random.below(16)),
    efer: often(USUAL.efer, 8) || 0xd00n,
    star: starOf(random),
    lstar: random.pick([CODE + 0x900n, canonical()]),
    cstar: CODE + 0x900n,
    fmask: BigInt(random.u32()),
    fsBase: canonical(),
    gsBase: canonical(),
    kernelGsBase: canonical(),
    sysenterCs: BigInt(random.pick([8, 8, 0, 0x53, 0xfff8])),
    sysenterEsp: DATA + 0x800n,
    sysenterEip: CODE + 0xa00n,
    dr0: DATA,
    dr1: canonical(),
    dr2: interestingInteger(random),
    dr3: 0n,
    dr6: USUAL.dr6,
    dr7: USUAL.dr7,
    tscAux: BigInt(random.u32()),
    xcr0: BigInt(random.pick([7, 7, 3, 1])),
    pkru: random.oneIn(3) ? BigInt(random.u32()) & ~3n : 0n,
  };
}

const starOf = (random: Random) =>
  random.oneIn(4)
    ? random.u64()
    : (BigInt(random.pick([0x18, 0x1b])) << 48n) | (8n << 32n) | BigInt(random.u32());
