import { endsRun } from '../isa/flow.js';
import type { DecodeFailure, Instruction, Mode } from '../isa/instruction.js';
import { Decoded, DecodeMode } from './decoder/decoded.js';
import { Vector } from './guest-fault.js';
import { isChecked, modeOf } from './code-kind.js';
import type { ModelRows } from './model-rows.js';
import { RecordWriter } from './record.js';
import type { CpuState } from './state.js';

export interface DecodePlace {
  /** Of the instruction in its page. */
  readonly offset: number;
  /** A `CodeKind`. */
  readonly kind: number;
  readonly mode: (typeof DecodeMode)[keyof typeof DecodeMode];
}

/** Decodes code of 16 and 32 bits into records, and code of any kind for those who look at instructions. */
export class LegacyDecoder {
  #writer: RecordWriter | undefined;

  constructor(
    private readonly state: CpuState,
    private readonly rows: ModelRows,
    private readonly linkTo: (record: number, target: number, isCall: boolean) => number,
  ) {}

  /** As `DecodeRecord`, but that jumps within the page are linked. */
  decode(record: number, start: number, end: number, { offset, kind, mode }: DecodePlace): number {
    const decoded = this.#decode(start, end, modeOf(kind));
    if (decoded === 'truncated' && mode !== DecodeMode.allThereIs) return 0;
    const instruction = decoded === 'truncated' ? this.#failed('undefined', modeOf(kind)) : decoded;
    this.#writer ??= new RecordWriter(this.state, this.rows.ops, this.linkTo);
    this.#writer.write(record, instruction, offset, mode !== DecodeMode.inPage, isChecked(kind));
    return instruction.length | (endsRun(instruction.row) ? Decoded.endsRun : 0);
  }

  /** The instruction between two addresses of the state's memory. */
  instructionAt(start: number, end: number, mode: Mode): Instruction {
    const decoded = this.#decode(start, end, mode);
    return decoded === 'truncated' ? this.#failed('undefined', mode) : decoded;
  }

  #decode(start: number, end: number, mode: Mode): Instruction | 'truncated' {
    const decoded = this.rows.decoder.decode(this.state.u8, start, end, mode);
    return decoded === 'undefined' || decoded === 'tooLong' ? this.#failed(decoded, mode) : decoded;
  }

  /** An instruction that raises what the bytes deserve. */
  #failed(failure: DecodeFailure, mode: Mode): Instruction {
    const vector = failure === 'undefined' ? Vector.UD : Vector.GP;
    return {
      row: this.rows.invalid,
      length: 1,
      size: 64,
      sizeIndex: 0,
      reg: 0,
      rm: 0,
      vvvv: 0,
      memory: undefined,
      segment: undefined,
      immediate: vector,
      immediateHigh: 0,
      hasRex: false,
      lock: false,
      repeat: 0,
      addressBits: mode,
      mode,
    };
  }
}
