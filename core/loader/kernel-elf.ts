import { isElf } from './elf.js';

/** A part of a kernel, by physical address. */
export interface KernelSegment {
  readonly physical: number;
  readonly bytes: Uint8Array;
  readonly memoryBytes: number;
}

export interface KernelElf {
  readonly entry: number;
  readonly segments: readonly KernelSegment[];
  /** Name, type and content of its notes. */
  readonly notes: readonly KernelNote[];
}

export interface KernelNote {
  readonly name: string;
  readonly type: number;
  readonly content: DataView;
}

const [CLASS_32, CLASS_64] = [1, 2];
const [EM_386, EM_X86_64] = [3, 62];
const [PT_LOAD, PT_NOTE] = [1, 4];
const MAX_SEGMENTS = 128;
const TWO_32 = 0x1_0000_0000;

interface ProgramHeader {
  readonly type: number;
  readonly offset: number;
  readonly physical: number;
  readonly fileBytes: number;
  readonly memoryBytes: number;
}

/** Headers of an executable of 32 or 64 bits, addresses below 4 GiB; undefined for anything else. */
export function parseKernelElf(file: Uint8Array): KernelElf | undefined {
  if (!isElf(file) || file.length < 64) return undefined;
  const view = new DataView(file.buffer, file.byteOffset, file.length);
  const wide = file[4] === CLASS_64;
  const machine = view.getUint16(18, true);
  if (!wide && file[4] !== CLASS_32) return undefined;
  if (machine !== EM_386 && machine !== EM_X86_64) return undefined;
  const [entry, table] = wide
    ? [word64(view, 24), word64(view, 32)]
    : [view.getUint32(24, true), view.getUint32(28, true)];
  const [size, count] = [view.getUint16(wide ? 54 : 42, true), view.getUint16(wide ? 56 : 44, true)];
  if (count > MAX_SEGMENTS || size < (wide ? 56 : 32) || table + count * size > file.length) return undefined;
  const headers = Array.from({ length: count }, (_, i) => programHeader(view, table + i * size, wide));
  if (!headers.every((header) => isSane(header, file.length))) return undefined;
  return {
    entry,
    segments: headers.filter(({ type }) => type === PT_LOAD).map((header) => segmentOf(file, header)),
    notes: headers.filter(({ type }) => type === PT_NOTE).flatMap((header) => notesIn(view, header)),
  };
}

const word64 = (view: DataView, at: number) => Number(view.getBigUint64(at, true));

function programHeader(view: DataView, at: number, wide: boolean): ProgramHeader {
  const type = view.getUint32(at, true);
  const field = (narrowAt: number, wideAt: number) =>
    wide ? word64(view, at + wideAt) : view.getUint32(at + narrowAt, true);
  return {
    type,
    offset: field(4, 8),
    physical: field(12, 24),
    fileBytes: field(16, 32),
    memoryBytes: field(20, 40),
  };
}

function isSane({ type, offset, physical, fileBytes, memoryBytes }: ProgramHeader, length: number): boolean {
  if (type !== PT_LOAD && type !== PT_NOTE) return true;
  if (offset + fileBytes > length) return false;
  return type === PT_NOTE || (fileBytes <= memoryBytes && physical + memoryBytes <= TWO_32);
}

const segmentOf = (file: Uint8Array, { offset, physical, fileBytes, memoryBytes }: ProgramHeader) => ({
  physical,
  bytes: file.subarray(offset, offset + fileBytes),
  memoryBytes,
});

const padded = (bytes: number) => (bytes + 3) & ~3;

function notesIn(view: DataView, { offset, fileBytes }: ProgramHeader): KernelNote[] {
  const notes: KernelNote[] = [];
  const end = offset + fileBytes;
  for (let at = offset; at + 12 <= end;) {
    const [nameBytes, contentBytes] = [view.getUint32(at, true), view.getUint32(at + 4, true)];
    const nameAt = at + 12;
    const contentAt = nameAt + padded(nameBytes);
    if (nameBytes > fileBytes || contentBytes > fileBytes || contentAt + contentBytes > end) break;
    const name = Buffer.from(view.buffer, view.byteOffset + nameAt, nameBytes).toString('latin1');
    notes.push({
      name: name.replace(/\0+$/, ''),
      type: view.getUint32(at + 8, true),
      content: new DataView(view.buffer, view.byteOffset + contentAt, contentBytes),
    });
    at = contentAt + padded(contentBytes);
  }
  return notes;
}
