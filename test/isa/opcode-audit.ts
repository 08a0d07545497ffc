import { Decoder } from '../../core/isa/decoder.js';
import { loadRows } from '../../core/isa/rows/index.js';
import { nativeCpu } from './native/native-cpu.js';
import { OurCpu } from './our-cpu.js';
import type { Outcome, TestCase } from './test-case.js';
import { CODE, DATA, emptyState } from './test-case.js';

const [RAX, RCX, RSP, RBP] = [0, 1, 4, 5] as const;
const CODE_OFFSET = 0x100;
const CODE_BYTES = 15;
const REX_W = 0x48;
/** [rbx + 0x10], and ecx. */
const [MEMORY, REGISTER] = [0x43, 0xc1] as const;
const MAPS: readonly (readonly number[])[] = [[], [0x0f], [0x0f, 0x38], [0x0f, 0x3a]];
const [SYSCALL, SYSENTER, INT, XBEGIN] = [0x05, 0x34, 0xcd, 0xc7] as const;
/** Prefixes, VEX and EVEX (62): what they lead to is not an opcode of the map. */
const NO_OPCODE = new Set([
  0x0f, 0x26, 0x2e, 0x36, 0x3e, 0x62, 0x64, 0x65, 0x66, 0x67, 0xc4, 0xc5, 0xf0, 0xf2, 0xf3,
]);
/** Opcodes of these maps have instructions that ModRM.rm tells apart. */
const BY_RM = (map: readonly number[], byte: number) =>
  map.length === 1 ? [0x01, 0x1e, 0xae].includes(byte) : map.length === 0 && byte >= 0xd8 && byte <= 0xdf;

const isSkipped = (map: readonly number[], byte: number) =>
  map.length === 0
    ? NO_OPCODE.has(byte) || (byte & 0xf0) === 0x40 || byte === INT
    : map.length === 1 && (byte === SYSCALL || byte === SYSENTER || byte === 0x38 || byte === 0x3a);

/** Each opcode of each legacy map with each ModRM.reg, in memory and in a register, with and without REX.W. */
export function opcodeCases(prefixes: readonly number[]): TestCase[] {
  return MAPS.flatMap((map) =>
    bytes().flatMap((byte) => (isSkipped(map, byte) ? [] : casesOf(prefixes, map, byte))),
  );
}

const bytes = () => Array.from({ length: 256 }, (_, byte) => byte);

function casesOf(prefixes: readonly number[], map: readonly number[], byte: number): TestCase[] {
  const modrms = [0, 1, 2, 3, 4, 5, 6, 7].flatMap((reg) => {
    const registers = BY_RM(map, byte) ? [0, 1, 2, 3, 4, 5, 6, 7].map((rm) => 0xc0 | rm) : [REGISTER];
    return [MEMORY, ...registers].map((modrm) => modrm | (reg << 3));
  });
  return modrms
    .filter((modrm) => !(map.length === 0 && byte === XBEGIN && modrm >= 0xf8))
    .flatMap((modrm) =>
      [[], [REX_W]].map((rex) => caseOf([...prefixes, ...rex, ...map, byte, modrm, modrm < 0xc0 ? 0x10 : 0])),
    );
}

/** The same for the maps behind VEX: each opcode with each prefix, W and L, vvvv unused or rdx. */
export function vexCases(): TestCase[] {
  const heads = [1, 2, 3].flatMap((map) =>
    [0, 1].flatMap((w) => [0, 1].flatMap((l) => [0, 1, 2, 3].map((pp) => ({ map, w, l, pp })))),
  );
  return heads.flatMap(({ map, w, l, pp }) =>
    bytes().flatMap((byte) =>
      [15, 13].flatMap((inverted) =>
        [MEMORY, REGISTER].flatMap((modrm) =>
          [0, 1, 2, 3].map((reg) =>
            caseOf([
              0xc4,
              0xe0 | map,
              (w << 7) | (inverted << 3) | (l << 2) | pp,
              byte,
              modrm | (reg << 3),
              modrm === MEMORY ? 0x10 : 0,
            ]),
          ),
        ),
      ),
    ),
  );
}

function caseOf(start: readonly number[]): TestCase {
  const code = new Uint8Array(CODE_BYTES);
  code.set(start);
  const before = emptyState();
  before.gpr.fill(DATA + 0x400n);
  before.gpr[RAX] = 0x11n;
  before.gpr[RCX] = 1n;
  before.gpr[2] = 0n;
  before.gpr[RSP] = DATA + 0x1000n;
  before.gpr[RBP] = DATA + 0x1100n;
  before.fx[4] = 0xff;
  return { code, codeOffset: CODE_OFFSET, before, memory: [] };
}

export interface Disagreement {
  /** Up to the first byte that cannot matter. */
  readonly bytes: string;
  readonly host: string;
  readonly ours: string;
  readonly row: string | undefined;
}

/** Where host and our processor see another exception, or another length. */
export function disagreements(cases: readonly TestCase[]): Disagreement[] {
  const [host, ours] = [nativeCpu.run(cases), new OurCpu().run(cases)];
  const decoder = new Decoder(loadRows().rows);
  return cases.flatMap(({ code }, i) => {
    const [expected, actual] = [summary(host[i]!), summary(ours[i]!)];
    if (expected === actual) return [];
    const decoded = decoder.decode(code, 0, code.length);
    const row = typeof decoded === 'string' ? undefined : decoded.row.name;
    return [{ bytes: Buffer.from(code.subarray(0, 8)).toString('hex'), host: expected, ours: actual, row }];
  });
}

const summary = ({ fault, after }: Outcome) =>
  fault ? `exception ${fault.vector}` : `${after.rip - CODE - BigInt(CODE_OFFSET)} bytes`;
