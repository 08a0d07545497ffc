/**
 * An independent reader of call frame information: objdump says what the instructions are and readelf what `.debug_frame`
 * means; nothing here asks our assembler.
 */

export interface Decoded {
  readonly address: bigint;
  readonly mnemonic: string;
  readonly operands: string;
}

export interface FrameRow {
  readonly address: bigint;
  /** As readelf prints them: CFA `rsp+16` or `exp`; rules by register, `ra` for rip, such as `c-16`, `u`, `r2 (rcx)`. */
  readonly cfa: string;
  readonly rules: ReadonlyMap<string, string>;
}

export interface FrameEntry {
  readonly start: bigint;
  readonly end: bigint;
  readonly signal: boolean;
  readonly rows: readonly FrameRow[];
}

export function disassemble(text: string): Decoded[] {
  const matches = text.matchAll(/^([0-9a-f]{16}):\t(\S+)(?: +(.*))?$/gm);
  return [...matches].map(([, address, mnemonic = '', operands = '']) => ({
    address: BigInt(`0x${address}`),
    mnemonic,
    operands: operands.replace(/ *(<.*>|#.*)$/, ''),
  }));
}

/** Call frame information from the text of `readelf --wide --debug-dump=frames-interp`. */
export class FrameTables {
  readonly entries: readonly FrameEntry[];

  constructor(text: string) {
    const signalCies = new Set([...text.matchAll(/^([0-9a-f]+) .* CIE "S"/gm)].map(([, offset]) => offset));
    const blocks = text.matchAll(
      /FDE cie=(\S+) pc=([0-9a-f]+)\.\.([0-9a-f]+)\n +LOC +CFA +(.*)\n((?:[0-9a-f]{16} .*\n?)+)/g,
    );
    this.entries = [...blocks].map(([, cie, start, end, columns = '', rows = '']) => ({
      start: BigInt(`0x${start}`),
      end: BigInt(`0x${end}`),
      signal: signalCies.has(cie),
      rows: rows
        .trim()
        .split('\n')
        .map((row) => parseRow(row, columns.trim().split(/ +/))),
    }));
  }

  entryAt(address: bigint): FrameEntry | undefined {
    return this.entries.find(({ start, end }) => start <= address && address < end);
  }

  rowAt(address: bigint): FrameRow | undefined {
    return this.entryAt(address)?.rows.findLast((row) => row.address <= address);
  }
}

function parseRow(text: string, columns: readonly string[]): FrameRow {
  const [address = '', cfa = '', ...cells] = text.match(/\S+ \(\S+\)|\S+/g) ?? [];
  return {
    address: BigInt(`0x${address}`),
    cfa,
    rules: new Map(columns.map((name, index) => [name, cells[index] ?? 'u'])),
  };
}

const ENDS = /^(jmp|ret|retfq?|iretq?|sysretq?|ud2)$/;

/** How far the instruction moves the CFA's distance from rsp; undefined where rsp is loaded with something else. */
function stackChange({ mnemonic, operands }: Decoded): number | undefined {
  if (/^push/.test(mnemonic)) return 8;
  if (/^pop/.test(mnemonic)) return -8;
  const [, amount] = /^rsp,(0x[0-9a-f]+)$/.exec(operands) ?? [];
  if (mnemonic === 'add' && amount) return -Number(amount);
  if (mnemonic === 'sub' && amount) return Number(amount);
  return /^rsp,/.test(operands) && mnemonic !== 'cmp' && mnemonic !== 'test' ? undefined : 0;
}

const distance = (row: FrameRow | undefined) =>
  row?.cfa.startsWith('rsp+') ? Number(row.cfa.slice(4)) : undefined;

/** Follows fall-through and branches: the frame after an instruction must be the frame before it plus what it did to rsp. */
export function walkStackDepths(
  code: readonly Decoded[],
  tables: FrameTables,
): { checked: number; disagreements: string[] } {
  const disagreements: string[] = [];
  let checked = 0;
  code.forEach((instruction, index) => {
    const before = distance(tables.rowAt(instruction.address));
    const change = stackChange(instruction);
    if (before === undefined || change === undefined) return;
    for (const next of successors(instruction, code[index + 1])) {
      const after = distance(tables.rowAt(next));
      if (after === undefined) continue;
      checked++;
      if (after !== before + change) {
        disagreements.push(
          `${instruction.address.toString(16)}: ${before}+${change}, but ${after} at ${next.toString(16)}`,
        );
      }
    }
  });
  return { checked, disagreements };
}

function successors({ mnemonic, operands }: Decoded, following: Decoded | undefined): bigint[] {
  const target = /^j/.test(mnemonic) && /^[0-9a-f]+$/.test(operands) ? [BigInt(`0x${operands}`)] : [];
  return ENDS.test(mnemonic) || !following ? target : [...target, following.address];
}

export type RegisterFile = ReadonlyMap<string, bigint>;

/** What the expressions in our tables mean; readelf prints only that there is one. */
export interface Expressions {
  readonly cfa: () => bigint;
  readonly rsp: () => bigint;
  readonly constants: ReadonlyMap<string, bigint>;
}

export interface UnwoundFrame {
  readonly registers: RegisterFile;
  /** The address to look a function up by: one less than a return address. */
  readonly lookup: bigint;
}

/** Unwinds as gdb does: innermost frame first, ends where rip is undefined or no table covers it. */
export function unwind(
  start: RegisterFile,
  tables: FrameTables,
  read: (address: bigint) => bigint,
  expressions: Expressions,
): UnwoundFrame[] {
  const frames: UnwoundFrame[] = [];
  let exact = true;
  for (let registers: RegisterFile | undefined = start; registers;) {
    const rip: bigint = registers.get('rip') ?? 0n;
    const lookup = exact ? rip : rip - 1n;
    frames.push({ registers, lookup });
    const entry = tables.entryAt(lookup);
    const row = tables.rowAt(lookup);
    registers = row && callerOf(registers, row, read, expressions);
    exact = entry?.signal ?? true;
  }
  return frames;
}

function callerOf(
  registers: RegisterFile,
  row: FrameRow,
  read: (address: bigint) => bigint,
  expressions: Expressions,
): RegisterFile | undefined {
  if (row.rules.get('ra') === 'u') return undefined;
  const offset = distance(row);
  const cfa = offset === undefined ? expressions.cfa() : (registers.get('rsp') ?? 0n) + BigInt(offset);
  const caller = new Map(registers).set('rsp', cfa);
  for (const [column, rule] of row.rules) {
    const name = column === 'ra' ? 'rip' : column;
    const value = ruleValue(name, rule, { registers, cfa, read, expressions });
    if (value !== undefined) caller.set(name, value);
  }
  return caller;
}

interface Surroundings {
  readonly registers: RegisterFile;
  readonly cfa: bigint;
  readonly read: (address: bigint) => bigint;
  readonly expressions: Expressions;
}

function ruleValue(name: string, rule: string, around: Surroundings): bigint | undefined {
  if (rule.startsWith('c')) return around.read(around.cfa + BigInt(rule.slice(1)));
  if (rule === 's') return around.registers.get(name);
  if (rule === 'exp') return around.expressions.rsp();
  if (rule === 'vexp') return around.expressions.constants.get(name);
  const [, other] = /\((\w+)\)/.exec(rule) ?? [];
  return other === undefined ? undefined : around.registers.get(other);
}
