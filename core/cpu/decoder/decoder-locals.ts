import type { DecodeTables } from '../../isa/decode-tables.js';
import { RowField } from '../../isa/decode-tables.js';
import { DECODE_TABLES } from '../layout.js';
import type { Local } from '../wasm/body.js';
import { Body } from '../wasm/body.js';
import type { Expr } from '../wasm/expr.js';
import { i32 } from '../wasm/expr.js';

const { and, load8u, load16u, shrU } = i32;
const num = i32.const;

/** The function `decode` under construction: its parameters, and what is known of an instruction. All start as zero. */
export class DecoderLocals {
  readonly body = new Body(['i32', 'i32', 'i32', 'i32', 'i32']);
  readonly record = this.body.parameter(0);
  readonly start = this.body.parameter(1);
  readonly limit = this.body.parameter(2);
  readonly offset = this.body.parameter(3);
  readonly mode = this.body.parameter(4);
  readonly at = this.local();
  readonly rex = this.local();
  readonly size16 = this.local();
  readonly address32 = this.local();
  readonly lock = this.local();
  readonly repeat = this.local();
  readonly segment = this.local();
  readonly map = this.local();
  readonly opcode = this.local();
  readonly prefix = this.local();
  readonly vvvv = this.local();
  readonly vexL = this.local();
  readonly modrm = this.local();
  readonly row = this.local();
  readonly flags = this.local();
  readonly sizeIndex = this.local();
  readonly sizeClass = this.local();
  readonly reg = this.local();
  readonly rm = this.local();
  readonly isMemory = this.local();
  readonly index = this.local();
  readonly scale = this.local();
  readonly displacement = this.local();
  readonly ripRelative = this.local();
  readonly immediate = this.local();
  readonly high = this.local();
  readonly next = this.local();
  readonly variant = this.local();
  /** 1: it is no instruction, but its length counts. */
  readonly fitsNone = this.local();
  readonly answer = this.local();
  readonly vector = this.local();

  constructor(private readonly tables: DecodeTables) {}

  private local(): Local {
    return this.body.local('i32');
  }

  rowAt(field: keyof typeof RowField): number {
    return DECODE_TABLES + this.tables.rows + RowField[field];
  }

  field(field: keyof typeof RowField): Expr {
    return load8u(this.body.get(this.row), this.rowAt(field));
  }

  /** Nonzero when set. */
  flag(flag: number): Expr {
    return and(this.body.get(this.flags), num(flag));
  }

  /** 0 or 1. */
  rexBit(bit: number): Expr {
    return and(shrU(this.body.get(this.rex), num(Math.log2(bit))), num(1));
  }

  /** u16 */
  wideField(field: 'flags' | 'firstForm'): Expr {
    return load16u(this.body.get(this.row), this.rowAt(field));
  }
}
