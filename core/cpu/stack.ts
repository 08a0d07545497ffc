import { allowsAccess, Attribute } from './descriptors.js';
import { GuestFault, Vector } from './guest-fault.js';
import { State } from './layout.js';
import { isCanonical } from './linear-memory.js';
import type { LinearMemory } from './linear-memory.js';
import type { CpuState } from './state.js';
import type { Segment } from './types.js';

const RSP = State.gpr + 4 * 8;
const [WORD, DWORD, QWORD] = [2, 4, 8] as const;

export type WordBytes = 2 | 4 | 8;

export interface StackPlace {
  /** The stack segment; undefined in 64-bit mode, which has none. */
  readonly segment: Segment | undefined;
  readonly top: bigint;
  /** Accessed by the processor itself, as ring 0 does. */
  readonly supervisor: boolean;
  /** Of the #SS where the segment is too small. */
  readonly faultCode?: number;
}

/** A stack in any mode, the current one or one that is about to become it. Nothing of the state changes but memory. */
export class Stack {
  top: bigint;
  readonly #bits: 16 | 32 | 64;

  constructor(
    private readonly memory: LinearMemory,
    private readonly place: StackPlace,
  ) {
    const { segment } = place;
    this.#bits = segment === undefined ? 64 : segment.attributes & Attribute.default32 ? 32 : 16;
    this.top = BigInt.asUintN(this.#bits, place.top);
  }

  /** SS:rSP as it is. */
  static current(state: CpuState, memory: LinearMemory): Stack {
    return new Stack(memory, {
      segment: state.isLong ? undefined : state.segment('ss'),
      top: state.get64(RSP),
      // Rings 0 to 2 push there as any of their instructions does: EFLAGS.AC counts.
      supervisor: false,
    });
  }

  /** In the order of pushing, all or a fault and none. */
  push(bytes: WordBytes, values: readonly bigint[]): void {
    const length = bytes * values.length;
    const top = BigInt.asUintN(this.#bits, this.top - BigInt(length));
    const linear = this.#linear(top, length, true);
    const image = new DataView(new ArrayBuffer(length));
    values.forEach((value, i) => put(image, length - (i + 1) * bytes, bytes, value));
    this.memory.writeFrame(linear, new Uint8Array(image.buffer), bytes, this.place.supervisor);
    this.top = top;
  }

  /** The first is the one at the top. */
  pop(bytes: WordBytes, count: number): bigint[] {
    const linear = this.#linear(this.top, bytes * count, false);
    const image = new DataView(this.memory.read(linear, bytes * count, this.place.supervisor).buffer);
    this.drop(bytes * count);
    return Array.from({ length: count }, (_, i) => get(image, i * bytes, bytes));
  }

  drop(bytes: number): void {
    this.top = BigInt.asUintN(this.#bits, this.top + BigInt(bytes));
  }

  /** Makes the top the stack pointer; the stack segment has been loaded. */
  load(state: CpuState): void {
    const kept = state.get64(RSP) & state.get64(State.stackKeep);
    state.set64(RSP, kept | (this.top & state.get64(State.stackMask)));
  }

  #linear(offset: bigint, bytes: number, writes: boolean): bigint {
    const { segment, faultCode = 0 } = this.place;
    if (segment === undefined) {
      if (!isCanonical(offset) || !isCanonical(offset + BigInt(bytes - 1)))
        throw new GuestFault(Vector.SS, faultCode);
      return offset;
    }
    if (!allowsAccess(segment, Number(offset), bytes, writes)) throw new GuestFault(Vector.SS, faultCode);
    return BigInt.asUintN(32, segment.base + offset);
  }
}

function put(image: DataView, at: number, bytes: WordBytes, value: bigint): void {
  if (bytes === WORD) image.setUint16(at, Number(BigInt.asUintN(16, value)), true);
  else if (bytes === DWORD) image.setUint32(at, Number(BigInt.asUintN(32, value)), true);
  else image.setBigUint64(at, BigInt.asUintN(64, value), true);
}

function get(image: DataView, at: number, bytes: WordBytes): bigint {
  if (bytes === QWORD) return image.getBigUint64(at, true);
  return BigInt(bytes === WORD ? image.getUint16(at, true) : image.getUint32(at, true));
}
