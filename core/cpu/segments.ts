import { Attribute, dplOf, UNUSABLE } from './descriptors.js';
import { GuestFault, Vector } from './guest-fault.js';
import { State } from './layout.js';
import type { LinearMemory } from './linear-memory.js';
import { isCanonical } from './linear-memory.js';
import type { CpuState } from './state.js';
import { segmentAt } from './state.js';
import type { Segment, SegmentName } from './types.js';

export * from './descriptors.js';

/** The bits of a selector that are the offset into its table. */
const INDEX = 0xfff8;

export interface Descriptor extends Segment {
  readonly type: number;
  readonly dpl: number;
}

const KIND = Attribute.notSystem | Attribute.code;
export const isCode = ({ attributes }: Segment) => (attributes & KIND) === KIND;
/** 64-bit, where IA-32e mode is active. */
export const isLongCode = ({ attributes }: Segment) =>
  (attributes & (Attribute.long | Attribute.default32)) === Attribute.long;
const isWritableData = ({ attributes }: Segment) =>
  (attributes & (KIND | Attribute.writable)) === (Attribute.notSystem | Attribute.writable);

/** Whether a segment can be the stack of a privilege level. */
export const isStackOf = (level: number, segment: Descriptor): boolean =>
  (segment.selector & 3) === level && segment.dpl === level && isWritableData(segment);

/** Bytes of a gate, TSS or LDT descriptor while IA-32e mode is active. */
const LONG_DESCRIPTOR_BYTES = 16;
/** Bits of its last word that would be the type of a second descriptor. */
const UPPER_TYPE = 0x1f00;

/** Reads descriptors from the GDT and the LDT and loads segment registers (manual volume 3, 3.4 and 5). */
export class Segments {
  constructor(
    private readonly state: CpuState,
    private readonly memory: LinearMemory,
  ) {}

  /** `vector` is raised with the selector when the table has no such entry. */
  descriptor(selector: number, vector: number = Vector.GP): Descriptor {
    const words = this.memory.load(this.#table(selector, vector), selector & INDEX, 2, true);
    const low = words[0]!;
    const high = words[1]!;
    const attributes = (high >>> 8) & 0xf0ff;
    const rawLimit = (low & 0xffff) | (high & 0xf_0000);
    const limit = attributes & Attribute.granularity ? ((rawLimit << 12) | 0xfff) >>> 0 : rawLimit;
    const base = ((low >>> 16) | ((high & 0xff) << 16) | (high & 0xff00_0000)) >>> 0;
    return {
      selector,
      base: base === 0 ? 0n : BigInt(base),
      limit,
      attributes,
      type: attributes & 15,
      dpl: dplOf(attributes),
    };
  }

  /** A TSS or LDT descriptor, of 16 bytes while IA-32e mode is active. */
  systemDescriptor(selector: number): Descriptor {
    const descriptor = this.descriptor(selector);
    if (!this.state.longActive) return descriptor;
    const table = this.#table(selector, Vector.GP, LONG_DESCRIPTOR_BYTES);
    const words = this.memory.load(table, (selector & INDEX) + 8, 2, true);
    const base = descriptor.base | (BigInt(words[0]!) << 32n);
    if ((words[1]! & UPPER_TYPE) !== 0 || !isCanonical(base))
      throw new GuestFault(Vector.GP, selector & 0xfffc);
    return { ...descriptor, base };
  }

  /** Sets bits of the type in the table: accessed, busy. */
  mark(selector: number, typeBits: number): void {
    const table = this.#table(selector, Vector.GP);
    const upperHalf = (selector & INDEX) + 4;
    this.memory.load(table, upperHalf, 1, true)[0]! |= typeBits << 8;
    this.memory.store(table, upperHalf, 1, true);
  }

  /** The code that an interrupt gate leads to, in IA-32e mode 64-bit code; `external` is a bit of the error code. */
  gateTarget(selector: number, external: number): Descriptor {
    if ((selector & 0xfffc) === 0) throw new GuestFault(Vector.GP, external);
    const target = this.#anywhere(selector, Vector.GP, external);
    const code = (selector & 0xfffc) | external;
    const isWrongMode = this.state.longActive && !isLongCode(target);
    if (!isCode(target) || isWrongMode || target.dpl > this.state.cpl) throw new GuestFault(Vector.GP, code);
    if ((target.attributes & Attribute.present) === 0) throw new GuestFault(Vector.NP, code);
    this.accessed(target);
    return target;
  }

  /** Stack of a more privileged level, from the task's state; outside IA-32e mode. */
  innerStack(level: number, external: number): { segment: Descriptor; top: bigint } {
    const task = segmentAt('tr');
    const wide = (this.state.attributes('tr') & 8) !== 0;
    const at = wide ? 4 + level * 8 : 2 + level * 4;
    if (at + (wide ? 5 : 3) > this.state.get32(task + 16))
      throw new GuestFault(Vector.TS, (this.state.selector('tr') & 0xfffc) | external);
    const image = this.memory.read(this.state.get64(task) + BigInt(at), wide ? 6 : 4, true);
    const view = new DataView(image.buffer);
    const selector = view.getUint16(wide ? 4 : 2, true);
    const top = BigInt(wide ? view.getUint32(0, true) : view.getUint16(0, true));
    if ((selector & 0xfffc) === 0) throw new GuestFault(Vector.TS, external);
    const segment = this.#anywhere(selector, Vector.TS, external);
    const code = (selector & 0xfffc) | external;
    if (!isStackOf(level, segment)) throw new GuestFault(Vector.TS, code);
    if ((segment.attributes & Attribute.present) === 0) throw new GuestFault(Vector.SS, code);
    this.accessed(segment);
    return { segment, top };
  }

  /** Top of the stack of a more privileged level in IA-32e mode. */
  innerStackLong(level: number): bigint {
    const task = segmentAt('tr');
    const at = 4 + level * 8;
    if (at + 7 > this.state.get32(task + 16))
      throw new GuestFault(Vector.TS, this.state.selector('tr') & 0xfffc);
    const top = this.memory.read64(this.state.get64(task) + BigInt(at), true);
    if (!isCanonical(top)) throw new GuestFault(Vector.SS);
    return top;
  }

  /** The words of a gate; in IA-32e mode it has 16 bytes, and a type in the upper ones is wrong. */
  gateWords(selector: number): { words: [number, number]; extension: number } {
    const bytes = this.state.longActive ? LONG_DESCRIPTOR_BYTES : 8;
    const table = this.#table(selector, Vector.GP, bytes);
    const words = this.memory.load(table, selector & INDEX, bytes / 4, true);
    const [low, high, extension, last] = words as unknown as [number, number, number, number];
    if (bytes === 8) return { words: [low, high], extension: 0 };
    if ((last & UPPER_TYPE) !== 0) throw new GuestFault(Vector.GP, selector & 0xfffc);
    return { words: [low, high], extension };
  }

  /** Marks descriptors that are about to be loaded. May fault, so it comes before anything has changed. */
  accessed(...descriptors: readonly Descriptor[]): void {
    for (const { selector, attributes } of descriptors)
      if ((attributes & Attribute.accessed) === 0) this.mark(selector, Attribute.accessed);
  }

  #anywhere(selector: number, vector: number, external: number): Descriptor {
    try {
      return this.descriptor(selector, vector);
    } catch (fault) {
      if (fault instanceof GuestFault && fault.vector === vector)
        throw new GuestFault(vector, fault.code | external);
      throw fault;
    }
  }

  /** mov, pop: es ss ds fs gs. */
  load(name: SegmentName, selector: number): void {
    if ((selector & 0xfffc) === 0) return this.#loadNull(name, selector);
    const descriptor = this.descriptor(selector);
    const fits = name === 'ss' ? isStackOf(this.state.cpl, descriptor) : this.#isReadable(descriptor);
    if (!fits) throw new GuestFault(Vector.GP, selector & 0xfffc);
    if ((descriptor.attributes & Attribute.present) === 0) {
      throw new GuestFault(name === 'ss' ? Vector.SS : Vector.NP, selector & 0xfffc);
    }
    this.accessed(descriptor);
    this.state.setSegment(name, descriptor);
  }

  /** Where the base of the table that the selector names lies in the state; the table has to hold so many bytes from there on. */
  #table(selector: number, vector: number, bytes = 8): number {
    const local = (selector & 4) !== 0;
    const limit = this.state.get32(local ? segmentAt('ldtr') + 16 : State.gdtrLimit);
    if ((selector & INDEX) + bytes - 1 > limit) throw new GuestFault(vector, selector & 0xfffc);
    return local ? segmentAt('ldtr') : State.gdtrBase;
  }

  #loadNull(name: SegmentName, selector: number): void {
    const { cpl } = this.state;
    const allowed = name !== 'ss' || (this.state.isLong && cpl !== 3 && (selector & 3) === cpl);
    if (!allowed) throw new GuestFault(Vector.GP);
    this.state.setSegment(name, { selector, base: 0n, limit: 0, attributes: UNUSABLE });
  }

  #isReadable({ selector, attributes, dpl }: Descriptor): boolean {
    const isCode = (attributes & Attribute.code) !== 0;
    const readable =
      (attributes & Attribute.notSystem) !== 0 && (!isCode || (attributes & Attribute.readable) !== 0);
    const conforming = isCode && (attributes & Attribute.conforming) !== 0;
    const allowed = conforming || (dpl >= (selector & 3) && dpl >= this.state.cpl);
    return readable && allowed;
  }
}
