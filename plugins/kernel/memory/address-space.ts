import { Errno } from '../../../core/abi/errno.js';
import { releaseBacking, retainBacking, slice } from './grant.js';
import type { Grant } from './grant.js';
import { PAGE_BYTES, pageFloor } from './frames.js';
import type { FrameAllocator } from './frames.js';
import type { MemoryObject } from './memory-object.js';
import type { PageTable } from './page-table.js';

/** End of the user half, four-level paging. */
export const USER_END = 2 ** 47;

const AHEAD_PAGES = 8;
/** Fewer free frames than this are kept for pages that are asked for. */
const SPARE_FRAMES = 4096;

export interface Access {
  readonly write: boolean;
  readonly execute: boolean;
}

export interface AddressSpaceParts {
  readonly id: number;
  readonly frames: FrameAllocator;
  newTable(): PageTable;
  newSpace(): AddressSpace;
}

/** Grants in address order, and the page table that shows what of them is resident. */
export class AddressSpace {
  readonly table: PageTable;
  #grants: Grant[] = [];
  #references = 1;
  mmapMin = 0x1000;

  constructor(private readonly parts: AddressSpaceParts) {
    this.table = parts.newTable();
  }

  get id(): number {
    return this.parts.id;
  }

  get grants(): readonly Grant[] {
    return this.#grants;
  }

  retain(): this {
    this.#references += 1;
    return this;
  }

  release(): void {
    this.#references -= 1;
    if (this.#references > 0) return;
    this.unmap(0, USER_END);
    this.table.destroy();
  }

  find(linear: number): Grant | undefined {
    const at = this.#indexAfter(linear) - 1;
    const grant = this.#grants[at];
    return grant && linear < grant.end ? grant : undefined;
  }

  /** Whether anything is mapped in [start, end). */
  overlaps(start: number, end: number): boolean {
    return this.#grants.some((grant) => grant.start < end && start < grant.end);
  }

  /** Adds a grant in a free range; the backing's reference is taken over. */
  insert(grant: Grant): void {
    const last = this.#grants[this.#indexAfter(grant.start) - 1];
    if (last && canMerge(last, grant)) {
      this.#grants[this.#grants.indexOf(last)] = { ...last, end: grant.end };
      releaseBacking(grant.backing);
    } else this.#grants.splice(this.#indexAfter(grant.start), 0, grant);
  }

  /** The lowest address of the smallest hole that fits (Redox), at or above `floor`; undefined when there is none. */
  findHole(bytes: number, floor = this.mmapMin, ceiling = USER_END): number | undefined {
    let best: { start: number; size: number } | undefined;
    for (const hole of this.#holes(floor, ceiling)) {
      if (hole.size >= bytes && (!best || hole.size < best.size)) best = hole;
    }
    return best?.start;
  }

  /** The highest hole below `ceiling`, as Linux places mappings. */
  findHoleDown(bytes: number, ceiling: number): number | undefined {
    const fits = [...this.#holes(this.mmapMin, ceiling)].filter((hole) => hole.size >= bytes).at(-1);
    return fits && fits.start + fits.size - bytes;
  }

  unmap(start: number, end: number): void {
    this.#replace(start, end, () => undefined);
    this.dropPages(start, end);
  }

  /** Forgets the resident pages of a range; they come back from their backing. */
  dropPages(start: number, end: number): void {
    for (const linear of this.table.present(start, end)) {
      const frame = this.table.unmap(linear);
      if (frame !== undefined && this.#counted(frame)) this.parts.frames.release(frame);
    }
  }

  protect(
    start: number,
    end: number,
    { read, write, execute }: Pick<Grant, 'read' | 'write' | 'execute'>,
  ): void {
    this.#replace(start, end, (grant) => ({ ...grant, read, write, execute }));
    for (const linear of this.table.present(start, end)) this.#reprotect(linear, read);
  }

  /** Makes a page resident for an access. 0, or the errno of what stands against it. */
  fault(linear: number, access: Access): number {
    const grant = this.find(linear);
    if (!grant || !allows(grant, access)) return Errno.EFAULT;
    const page = pageFloor(linear);
    if (
      grant.backing.kind === 'object' &&
      !grant.backing.object.covers(grant.backing.offset + page - grant.start)
    )
      return Errno.ENXIO;
    this.table.prepare(page);
    const mapped = this.table.lookup(page);
    if (access.write) {
      this.#makeWritable(grant, page, mapped?.frame);
      if (!mapped) this.#populateAhead(grant, page);
    } else if (!mapped) this.#makeReadable(grant, page);
    return 0;
  }

  /** Turns a range into pages of `object` that others may map too. False where part of it is unmapped. */
  share(start: number, end: number, object: MemoryObject): boolean {
    for (let page = start; page < end; page += PAGE_BYTES) if (!this.find(page)) return false;
    for (let page = start; page < end; page += PAGE_BYTES) {
      const grant = this.find(page);
      if (!grant) return false;
      this.#makeWritable(grant, page, this.table.lookup(page)?.frame);
      const frame = this.table.lookup(page)?.frame ?? this.parts.frames.zeroFrame;
      object.adopt((page - start) / PAGE_BYTES, this.parts.frames.reference(frame));
    }
    this.#replace(start, end, (grant) => ({
      ...grant,
      backing: { kind: 'object', object, offset: grant.start - start, shared: true },
    }));
    for (let page = start; page < end; page += PAGE_BYTES) this.#reprotect(page, true);
    return true;
  }

  /** Shows the first `bytes` at `from` at `to` too, as the head of a range of `newBytes`; resident pages move along. */
  move(from: number, bytes: number, to: number, newBytes: number): void {
    const grant = this.find(from);
    if (!grant) return;
    const part = slice(grant, from, Math.min(grant.end, from + bytes));
    retainBacking(part.backing);
    this.insert({ ...part, start: to, end: to + newBytes });
    for (const linear of this.table.present(from, from + bytes)) {
      const mapped = this.table.lookup(linear);
      const frame = this.table.unmap(linear);
      if (mapped && frame !== undefined) {
        this.table.map(to + linear - from, frame, { write: mapped.write, execute: grant.execute });
      }
    }
  }

  /** A copy whose private pages are shared until one side writes. */
  fork(): AddressSpace {
    const child = this.parts.newSpace();
    child.mmapMin = this.mmapMin;
    try {
      for (const grant of this.#grants) {
        retainBacking(grant.backing);
        child.#grants.push(grant);
        this.#shareResident(grant, child);
      }
    } catch (failure) {
      child.release();
      throw failure;
    }
    return child;
  }

  #shareResident(grant: Grant, child: AddressSpace): void {
    const shared = isShared(grant);
    for (const linear of this.table.present(grant.start, grant.end)) {
      const mapped = this.table.lookup(linear);
      if (!mapped) continue;
      const flags = { write: shared && mapped.write, execute: grant.execute };
      child.table.map(linear, mapped.frame, flags);
      if (this.#counted(mapped.frame)) this.parts.frames.reference(mapped.frame);
      if (mapped.write && !shared) this.table.map(linear, mapped.frame, flags);
      if (!grant.read) child.table.hide(linear);
    }
  }

  // Who fills memory in order meets its next pages without a fault each: an exception costs far more than a page.
  #populateAhead(grant: Grant, page: number): void {
    const { frames } = this.parts;
    if (grant.backing.kind !== 'anonymous' || page === grant.start) return;
    if (!this.table.lookup(page - PAGE_BYTES) || frames.freeFrames < SPARE_FRAMES) return;
    const end = Math.min(grant.end, page + AHEAD_PAGES * PAGE_BYTES);
    for (let next = page + PAGE_BYTES; next < end && !this.table.lookup(next); next += PAGE_BYTES)
      this.table.map(next, frames.allocate(), { write: true, execute: grant.execute });
  }

  #makeReadable(grant: Grant, page: number): void {
    const frame = this.#backingFrame(grant, page, false) ?? this.parts.frames.zeroFrame;
    if (this.#counted(frame)) this.parts.frames.reference(frame);
    const write = isShared(grant) && grant.write && frame !== this.parts.frames.zeroFrame;
    this.table.map(page, frame, { write, execute: grant.execute });
  }

  #makeWritable(grant: Grant, page: number, resident: number | undefined): void {
    const frame = isShared(grant)
      ? this.#sharedFrame(grant, page)
      : this.#privateFrame(grant, page, resident);
    this.table.map(page, frame, { write: true, execute: grant.execute });
    if (resident !== undefined && resident !== frame && this.#counted(resident)) {
      this.parts.frames.release(resident);
    }
  }

  #sharedFrame(grant: Grant, page: number): number {
    const frame = this.#backingFrame(grant, page, true) ?? 0;
    const before = this.table.lookup(page)?.frame;
    if (before !== frame && this.#counted(frame)) this.parts.frames.reference(frame);
    return frame;
  }

  #privateFrame(grant: Grant, page: number, resident: number | undefined): number {
    const { frames } = this.parts;
    const source = resident ?? this.#backingFrame(grant, page, false);
    if (source === undefined || source === frames.zeroFrame) return frames.allocate();
    const sole = resident !== undefined && frames.references(source) === 1;
    return sole ? source : frames.duplicate(source);
  }

  #backingFrame({ backing, start }: Grant, page: number, create: boolean): number | undefined {
    if (backing.kind === 'physical') return backing.physical + page - start;
    if (backing.kind === 'anonymous') return undefined;
    return backing.object.frameAt((backing.offset + page - start) / PAGE_BYTES, create);
  }

  #reprotect(linear: number, read: boolean): void {
    const mapped = this.table.lookup(linear);
    const grant = this.find(linear);
    if (!mapped || !grant) return;
    if (!read) return this.#hide(grant, linear);
    const write = grant.write && mapped.write;
    this.table.map(linear, mapped.frame, { write, execute: grant.execute });
  }

  // An unreadable page must not be present, yet its private content must come back.
  #hide(grant: Grant, linear: number): void {
    if (isShared(grant)) return this.dropPages(linear, linear + PAGE_BYTES);
    this.table.hide(linear);
  }

  /** Frames of the allocator are counted; the zero frame and device memory are not. */
  #counted(frame: number): boolean {
    return frame !== this.parts.frames.zeroFrame && this.parts.frames.references(frame) > 0;
  }

  /** Cuts what lies in [start, end) at the edges and puts what `change` answers in its place. */
  #replace(start: number, end: number, change: (inside: Grant) => Grant | undefined): void {
    const after: Grant[] = [];
    for (const grant of this.#grants) {
      const parts = grant.end <= start || grant.start >= end ? [grant] : this.#cut(grant, start, end, change);
      for (const part of parts) append(after, part);
    }
    this.#grants = after;
  }

  #cut(grant: Grant, start: number, end: number, change: (inside: Grant) => Grant | undefined): Grant[] {
    const from = Math.max(grant.start, start);
    const to = Math.min(grant.end, end);
    const inside = change(slice(grant, from, to));
    const parts = [
      ...(grant.start < from ? [slice(grant, grant.start, from)] : []),
      ...(inside ? [inside] : []),
      ...(to < grant.end ? [slice(grant, to, grant.end)] : []),
    ];
    for (const part of parts) retainBacking(part.backing);
    releaseBacking(grant.backing);
    return parts;
  }

  *#holes(floor: number, ceiling: number): Generator<{ start: number; size: number }> {
    let from = floor;
    for (const grant of this.#grants) {
      if (grant.start >= ceiling) break;
      if (grant.start > from) yield { start: from, size: grant.start - from };
      from = Math.max(from, grant.end);
    }
    if (ceiling > from) yield { start: from, size: ceiling - from };
  }

  #indexAfter(linear: number): number {
    let low = 0;
    let high = this.#grants.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.#grants[middle]?.start ?? 0) <= linear) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}

const isShared = ({ backing }: Grant) =>
  backing.kind === 'physical' || (backing.kind === 'object' && backing.shared);

function allows(grant: Grant, { write, execute }: Access): boolean {
  if (write) return grant.write;
  return execute ? grant.execute : grant.read;
}

/** Adds a grant behind the others, as one with the last where nothing tells them apart. */
function append(grants: Grant[], grant: Grant): void {
  const last = grants.at(-1);
  if (!last || !canMerge(last, grant)) return void grants.push(grant);
  grants[grants.length - 1] = { ...last, end: grant.end };
  releaseBacking(grant.backing);
}

function continues({ backing, start, end }: Grant, { backing: next }: Grant): boolean {
  if (backing.kind === 'anonymous') return next.kind === 'anonymous';
  if (backing.kind !== 'object' || next.kind !== 'object' || backing.object !== next.object) return false;
  return backing.shared === next.shared && backing.offset + end - start === next.offset;
}

function canMerge(left: Grant, right: Grant): boolean {
  return (
    left.end === right.start &&
    continues(left, right) &&
    left.read === right.read &&
    left.write === right.write &&
    left.execute === right.execute &&
    left.label === right.label
  );
}
