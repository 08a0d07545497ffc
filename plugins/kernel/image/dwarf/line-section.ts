import { ByteWriter } from '../elf/byte-writer.js';

const VERSION = 4;
const LINE_BASE = -5;
const LINE_RANGE = 14;
/** Operand counts of the standard opcodes 1 to 12: DWARF 4, 6.2.5.2. */
const STANDARD_OPERANDS = [0, 1, 1, 1, 1, 0, 0, 0, 1, 0, 0, 1];
const Opcode = { copy: 1, advancePc: 2, advanceLine: 3, setFile: 4 } as const;
const Extended = { endSequence: 1, setAddress: 2 } as const;

export interface LineRow {
  readonly address: bigint;
  /** 1-based index into the files. */
  readonly file: number;
  readonly line: number;
}

/** `.debug_line` with one sequence. `files` are relative to the unit's folder. */
export function lineSection(files: readonly string[], rows: readonly LineRow[], end: bigint): Uint8Array {
  const tables = new ByteWriter();
  tables.append([1, 1, 1, LINE_BASE, LINE_RANGE, STANDARD_OPERANDS.length + 1, ...STANDARD_OPERANDS, 0]);
  for (const file of files) tables.text(file).uleb(0).uleb(0).uleb(0);
  tables.u8(0);
  const program = lineProgram(rows, end);
  const rest = new ByteWriter().u16(VERSION).u32(tables.length).append(tables.toBytes()).append(program);
  return new ByteWriter().u32(rest.length).append(rest.toBytes()).toBytes();
}

function lineProgram(rows: readonly LineRow[], end: bigint): Uint8Array {
  const out = new ByteWriter();
  let at: LineRow = { address: rows[0]?.address ?? end, file: 1, line: 1 };
  out.u8(0).uleb(9).u8(Extended.setAddress).u64(at.address);
  for (const row of rows) {
    if (row.file !== at.file) out.u8(Opcode.setFile).uleb(row.file);
    if (row.line !== at.line) out.u8(Opcode.advanceLine).sleb(row.line - at.line);
    if (row.address !== at.address) out.u8(Opcode.advancePc).uleb(Number(row.address - at.address));
    out.u8(Opcode.copy);
    at = row;
  }
  out.u8(Opcode.advancePc).uleb(Number(end - at.address));
  return out.u8(0).uleb(1).u8(Extended.endSequence).toBytes();
}
