import { Errno } from '../../../../core/abi/errno.js';
import { parseElf, SegmentFlag, SegmentType } from '../../../../core/loader/elf.js';
import type { ElfExecutable, ElfSegment } from '../../../../core/loader/elf.js';
import type { Kernel } from '../../kernel.js';
import type { AddressSpace } from '../../memory/address-space.js';
import { PAGE_BYTES, pageCeil, pageFloor } from '../../memory/frames.js';
import type { MemoryObject } from '../../memory/memory-object.js';
import { fail } from '../vfs/failure.js';
import type { FileHandle } from '../vfs/types.js';

/** Where Linux puts a position-independent program when addresses are not random. */
const PROGRAM_BASE = 0x5555_5555_4000;
const INTERPRETER_CEILING = 0x7fff_f7ff_f000;

export interface LoadedElf {
  readonly elf: ElfExecutable;
  /** What was added to every address. */
  readonly base: number;
  readonly entry: number;
  readonly end: number;
  readonly programHeaders: number;
}

/** An open executable with its content as a memory object, shared by all its mappings. */
export interface ProgramFile {
  readonly path: string;
  readonly handle: FileHandle;
  readonly object: MemoryObject;
  /** Lets go of the file; what is mapped of it stays. */
  close(): void;
}

/** Headers of the file; fails with ENOEXEC where it is no executable for this machine. */
export function readElf(file: ProgramFile): ElfExecutable {
  const elf = parseElf((offset, length) => readBytes(file, offset, length));
  if (typeof elf === 'string') fail(Errno.ENOEXEC);
  return elf;
}

export function readBytes({ handle }: ProgramFile, offset: number, length: number): Uint8Array {
  const bytes = new Uint8Array(length);
  return bytes.subarray(0, handle.read(bytes, offset));
}

/** The program that loads this one, where it names one. */
export function interpreterOf(file: ProgramFile, elf: ElfExecutable): string | undefined {
  const segment = elf.segments.find(({ type }) => type === SegmentType.INTERP);
  if (!segment) return undefined;
  if (segment.fileBytes < 2 || segment.fileBytes > 4096) fail(Errno.ENOEXEC);
  return Buffer.from(readBytes(file, segment.offset, segment.fileBytes - 1)).toString('latin1');
}

/** Maps every LOAD segment as the file says. `role` decides where a position-independent one goes. */
export function loadElf(
  kernel: Kernel,
  space: AddressSpace,
  file: ProgramFile,
  elf: ElfExecutable,
  role: 'program' | 'interpreter',
): LoadedElf {
  const loads = elf.segments.filter(({ type, memoryBytes }) => type === SegmentType.LOAD && memoryBytes > 0);
  if (loads.length === 0) fail(Errno.ENOEXEC);
  const low = Math.min(...loads.map(({ virtual }) => pageFloor(virtual)));
  const high = Math.max(...loads.map(({ virtual, memoryBytes }) => pageCeil(virtual + memoryBytes)));
  const base = elf.relocatable ? chooseBase(space, high - low, role) - low : 0;
  if (low + base < space.mmapMin) fail(Errno.EPERM);
  for (const segment of loads) mapSegment(kernel, space, file, segment, base);
  return {
    elf,
    base,
    entry: elf.entry + base,
    end: high + base,
    programHeaders: headersAddress(elf, loads) + base,
  };
}

function chooseBase(space: AddressSpace, bytes: number, role: 'program' | 'interpreter'): number {
  if (role === 'program') return PROGRAM_BASE;
  return space.findHoleDown(bytes, INTERPRETER_CEILING) ?? fail(Errno.ENOMEM);
}

function headersAddress(elf: ElfExecutable, loads: readonly ElfSegment[]): number {
  const explicit = elf.segments.find(({ type }) => type === SegmentType.PHDR);
  if (explicit) return explicit.virtual;
  const at = elf.programHeaderOffset;
  const holder = loads.find(({ offset, fileBytes }) => offset <= at && at < offset + fileBytes);
  return holder ? holder.virtual + at - holder.offset : 0;
}

function mapSegment(
  kernel: Kernel,
  space: AddressSpace,
  file: ProgramFile,
  segment: ElfSegment,
  base: number,
): void {
  const { flags, offset, virtual, fileBytes, memoryBytes } = segment;
  const rights = {
    read: true,
    write: (flags & SegmentFlag.W) !== 0,
    execute: (flags & SegmentFlag.X) !== 0,
  };
  const start = pageFloor(virtual) + base;
  const fileEnd = pageCeil(virtual + fileBytes) + base;
  const end = pageCeil(virtual + memoryBytes) + base;
  space.unmap(start, end);
  if (fileBytes > 0) {
    const backing = {
      kind: 'object',
      object: file.object.retain(),
      offset: pageFloor(offset),
      shared: false,
    } as const;
    space.insert({ start, end: fileEnd, ...rights, backing, label: file.path });
  }
  const zeroStart = fileBytes > 0 ? fileEnd : start;
  if (end > zeroStart) space.insert({ start: zeroStart, end, ...rights, backing: { kind: 'anonymous' } });
  if (memoryBytes > fileBytes && fileBytes > 0)
    clearTail(kernel, space, virtual + fileBytes + base, rights.write);
}

/** The rest of the page in which the file's bytes end belongs to .bss. */
function clearTail(kernel: Kernel, space: AddressSpace, from: number, writable: boolean): void {
  const rest = (PAGE_BYTES - (from % PAGE_BYTES)) % PAGE_BYTES;
  if (rest === 0 || !writable) return;
  writeSpace(kernel, space, from, new Uint8Array(rest));
}

/** Stores bytes into a space that is not running yet, making the pages resident. */
export function writeSpace(kernel: Kernel, space: AddressSpace, at: number, bytes: Uint8Array): void {
  for (let done = 0; done < bytes.length;) {
    const linear = at + done;
    const count = Math.min(PAGE_BYTES - (linear % PAGE_BYTES), bytes.length - done);
    if (space.fault(linear, { write: true, execute: false }) !== 0) fail(Errno.EFAULT);
    const physical = kernel.memory.translateUser(linear, space.table.root, true);
    kernel.memory.write(physical, bytes.subarray(done, done + count));
    done += count;
  }
}
