import { decodeTables } from '../../isa/decode-tables.js';
import type { DecodeTables } from '../../isa/decode-tables.js';
import { MAX_INSTRUCTION_BYTES } from '../../isa/instruction.js';
import type { ParsedRow } from '../../isa/row.js';
import { Vector } from '../guest-fault.js';
import { DECODE_TABLES, DECODE_TABLES_BYTES } from '../layout.js';
import type { OpTable } from '../ops.js';
import type { Body } from '../wasm/body.js';
import type { Expr } from '../wasm/expr.js';
import { i32, select } from '../wasm/expr.js';
import { ModuleBuilder } from '../wasm/module.js';
import { DecodeMode } from './decoded.js';
import { DecoderLocals } from './decoder-locals.js';
import { InstructionReader } from './instruction-reader.js';
import { RecordWriter } from './record-writer.js';

export { Decoded, DecodeMode } from './decoded.js';
export type { DecodeRecord } from './decoded.js';

/** The decoder of records, as it depends on the rows only. */
export interface RecordDecoder {
  /** A module with `decode`, a `DecodeRecord`. */
  readonly module: Uint8Array;
  /** What its memory holds at `DECODE_TABLES`. */
  readonly tables: Uint8Array;
  /** Offset of the rows in `tables`. */
  readonly rows: number;
}

const SIGNATURE = { parameters: ['i32', 'i32', 'i32', 'i32', 'i32'], results: ['i32'] } as const;
const FORM_BYTES = 4;

export function recordDecoder(rows: readonly ParsedRow[], ops: OpTable): RecordDecoder {
  const rowTables = decodeTables(rows);
  const tables = withForms(rowTables.bytes, ops);
  if (tables.length > DECODE_TABLES_BYTES) throw new Error('DECODE_TABLES_BYTES is too small for the rows');
  const module = new ModuleBuilder();
  module.importMemory('memory', 1);
  module.add(SIGNATURE, decodeFunction(rows, rowTables, ops), 'decode');
  return { module: module.bytes(), tables, rows: rowTables.rows };
}

const formsOffset = (rowTables: Uint8Array) => Math.ceil(rowTables.length / FORM_BYTES) * FORM_BYTES;

/** Behind the rows the ops by form: u16 of the form itself, u16 number as a hot memory form. */
function withForms(rowTables: Uint8Array, { hotOp, hotMemory }: OpTable): Uint8Array {
  const formsAt = formsOffset(rowTables);
  const tables = new Uint8Array(formsAt + hotOp.length * FORM_BYTES);
  tables.set(rowTables);
  const view = new DataView(tables.buffer, formsAt);
  hotOp.forEach((op, form) => {
    view.setUint16(form * FORM_BYTES, op, true);
    view.setUint16(form * FORM_BYTES + 2, hotMemory[form]!, true);
  });
  return tables;
}

function decodeFunction(rows: readonly ParsedRow[], tables: DecodeTables, ops: OpTable): Body {
  const known = new DecoderLocals(tables);
  const { body } = known;
  const writer = new RecordWriter(known, ops, DECODE_TABLES + formsOffset(tables.bytes));
  const invalid = rows.find(({ name }) => name === 'INVALID')!;
  body.set(known.at, body.get(known.start));
  body.set(
    known.limit,
    min(body.get(known.limit), i32.add(body.get(known.start), i32.const(MAX_INSTRUCTION_BYTES))),
  );
  body.set(known.vector, i32.const(Vector.UD));
  body.block((undefinedOpcode) => {
    body.block((short) => {
      new InstructionReader(known, tables, { short, undefinedOpcode }).emit();
      writer.emit();
      body.return(body.get(known.answer));
    });
    ranOut(known);
  });
  writer.emitInvalid(ops.forms[invalid.firstForm]!);
  body.do(body.get(known.answer));
  return body;
}

/** An instruction has more than 15 bytes, or more than there are. */
function ranOut({ body, limit, start, vector, mode }: DecoderLocals): void {
  const length = i32.sub(body.get(limit), body.get(start));
  const more = () => body.return(i32.const(0));
  body.if(
    i32.geU(length, i32.const(MAX_INSTRUCTION_BYTES)),
    () => body.set(vector, i32.const(Vector.GP)),
    () => body.if(i32.ne(body.get(mode), i32.const(DecodeMode.allThereIs)), more),
  );
}

const min = (a: Expr, b: Expr): Expr => select(i32.ltU(a, b), a, b);
