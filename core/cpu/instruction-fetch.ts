import { MAX_INSTRUCTION_BYTES } from '../isa/instruction.js';
import type { CodeCache } from './code-cache.js';
import { GuestFault, Vector } from './guest-fault.js';
import { PAGE_BYTES, RAM, State } from './layout.js';
import type { MemoryUnit } from './memory-unit.js';
import type { ModelRows } from './model-rows.js';
import { isStackAccess } from './stack-access.js';
import type { CpuState } from './state.js';

export interface FetchParts {
  readonly state: CpuState;
  readonly unit: MemoryUnit;
  readonly code: () => CodeCache;
  readonly rows: ModelRows;
  /** Records what the instruction raises. */
  readonly fault: (fault: GuestFault) => void;
}

/** The bytes of the instruction at rip, for the cases that decoded pages do not serve. */
export class InstructionFetch {
  constructor(private readonly parts: FetchParts) {}

  /**
   * Up to 15 bytes; the second page is looked at only when the first does not hold the whole instruction.
   * Undefined: a fault is recorded.
   */
  bytes(): Uint8Array | undefined {
    const { state, unit } = this.parts;
    const { i32, u8 } = state;
    const [low, high] = [i32[State.rip >> 2]!, i32[(State.rip >> 2) + 1]!];
    const physical = unit.translateFetch(low, high);
    if (physical < 0) return undefined;
    const inSegment = unit.codeRoom();
    const room = Math.min(MAX_INSTRUCTION_BYTES, PAGE_BYTES - (low & (PAGE_BYTES - 1)), inSegment);
    if (room <= 0) return this.#generalProtection();
    const first = u8.slice(RAM + physical, RAM + physical + room);
    if (room === MAX_INSTRUCTION_BYTES || this.parts.code().isComplete(first)) return first;
    if (room === inSegment) return this.#generalProtection();
    const nextLow = (low + room) | 0;
    const second = unit.translateFetch(nextLow, nextLow === 0 && state.isLong ? (high + 1) | 0 : high);
    if (second < 0) return undefined;
    const rest = Math.min(MAX_INSTRUCTION_BYTES, inSegment) - room;
    return Uint8Array.of(...first, ...u8.subarray(RAM + second, RAM + second + rest));
  }

  /** Whether the access under way goes to the stack, as the instruction says. */
  isStack(): boolean {
    const { state } = this.parts;
    const bytes = this.bytes();
    const decoded = bytes ? this.parts.rows.decoder.decode(bytes, 0, bytes.length, state.mode) : 'undefined';
    return typeof decoded !== 'string' && isStackAccess(decoded, state, state.get64(State.address));
  }

  /** Name of the row that describes these bytes, if one does: maybe of an instruction that this model lacks. */
  rowName(bytes: Uint8Array): string | undefined {
    const { rows, state } = this.parts;
    const decoded = rows.decoderOfAll.decode(bytes, 0, bytes.length, state.mode);
    return typeof decoded === 'string' ? undefined : decoded.row.name;
  }

  #generalProtection(): undefined {
    this.parts.fault(new GuestFault(Vector.GP));
  }
}
