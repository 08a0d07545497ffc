import { Decoder } from '../isa/decoder.js';
import type { ParsedRow } from '../isa/row.js';
import type { RowSet } from '../isa/rows/index.js';
import { isMissing } from './model.js';
import type { CpuModel } from './model.js';
import type { OpTable } from './ops.js';

/** The rows as the processors of one model have them. They take a while to make, so read this when they are needed. */
export class ModelRows {
  #decoder: Decoder | undefined;
  #invalid: ParsedRow | undefined;

  constructor(
    private readonly all: { readonly rowSet: RowSet; readonly ops: OpTable; readonly decoder: Decoder },
    private readonly model: CpuModel,
  ) {}

  get ops(): OpTable {
    return this.all.ops;
  }

  get families(): ReadonlyMap<ParsedRow, string> {
    return this.all.rowSet.families;
  }

  /** Finds undefined what the model lacks. */
  get decoder(): Decoder {
    return (this.#decoder ??= this.model === 'max' ? this.decoderOfAll : this.#createDecoder(this.model));
  }

  /** Knows what only other models have, too. */
  get decoderOfAll(): Decoder {
    return this.all.decoder;
  }

  /** The row that stands for bytes that are no instruction. */
  get invalid(): ParsedRow {
    return (this.#invalid ??= this.all.rowSet.rows.find(({ name }) => name === 'INVALID')!);
  }

  #createDecoder(model: CpuModel): Decoder {
    const { rows, families } = this.all.rowSet;
    return new Decoder(
      rows,
      rows.filter((row) => isMissing(model, row, families.get(row)!)),
    );
  }
}
