import { DwarfRegister } from '../assembler/frame-state.js';
import { ByteWriter } from '../elf/byte-writer.js';
import type { DwarfName } from '../assembler/frame-state.js';

const REGISTER_0 = 0x50;
const FRAME_BASE_OFFSET = 0x91;

/** One stretch of code, offsets from the unit's start in bytes, and where a value is: `rdi`, or `cfa-16`. */
export interface LocationRange {
  readonly start: number;
  readonly end: number;
  readonly place: string;
}

/** `.debug_loc`: lists of places, and the offset of each list. */
export class LocationLists {
  readonly #out = new ByteWriter();

  /** Offset of the new list in bytes. */
  append(ranges: readonly LocationRange[]): number {
    const at = this.#out.length;
    for (const { start, end, place } of ranges) {
      const expression = placeExpression(place);
      this.#out.u64(BigInt(start)).u64(BigInt(end)).u16(expression.length).append(expression);
    }
    this.#out.u64(0n).u64(0n);
    return at;
  }

  toBytes(): Uint8Array {
    return this.#out.toBytes();
  }
}

/** The frame base of every function is its CFA. */
function placeExpression(place: string): Uint8Array {
  const out = new ByteWriter();
  if (place.startsWith('cfa'))
    return out
      .u8(FRAME_BASE_OFFSET)
      .sleb(Number(place.slice(3)))
      .toBytes();
  return out.u8(REGISTER_0 + DwarfRegister[place as DwarfName]).toBytes();
}
