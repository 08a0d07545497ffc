import { Parser } from 'binary-parser';

/** Program header types and flags, System V ABI (gabi 4.1). */
export const SegmentType = {
  LOAD: 1,
  DYNAMIC: 2,
  INTERP: 3,
  NOTE: 4,
  PHDR: 6,
  TLS: 7,
  GNU_STACK: 0x6474_e551,
} as const;
export const SegmentFlag = { X: 1, W: 2, R: 4 } as const;

const EM_X86_64 = 62;
const ET_EXEC = 2;
const ET_DYN = 3;
const HEADER_BYTES = 64;
const PROGRAM_HEADER_BYTES = 56;
const MAX_SEGMENTS = 128;
const MAX_ADDRESS = 2 ** 47;

export interface ElfSegment {
  readonly type: number;
  readonly flags: number;
  readonly offset: number;
  readonly virtual: number;
  readonly fileBytes: number;
  readonly memoryBytes: number;
  readonly alignBytes: number;
}

export interface ElfExecutable {
  readonly entry: number;
  /** Position independent: addresses are relative to a base the loader chooses. */
  readonly relocatable: boolean;
  readonly programHeaderOffset: number;
  readonly segments: readonly ElfSegment[];
  readonly osAbi: number;
}

export type ElfProblem = 'not an ELF file' | 'not a 64-bit x86-64 executable' | 'damaged ELF headers';

const identification = new Parser()
  .endianness('little')
  .array('magic', { type: 'uint8', length: 4 })
  .uint8('class')
  .uint8('data')
  .uint8('identVersion')
  .uint8('osAbi')
  .seek(8)
  .uint16('type')
  .uint16('machine')
  .uint32('version')
  .uint64('entry')
  .uint64('programHeaderOffset')
  .uint64('sectionHeaderOffset')
  .uint32('flags')
  .uint16('headerBytes')
  .uint16('programHeaderBytes')
  .uint16('programHeaderCount');

const programHeader = new Parser()
  .endianness('little')
  .uint32('type')
  .uint32('flags')
  .uint64('offset')
  .uint64('virtual')
  .uint64('physical')
  .uint64('fileBytes')
  .uint64('memoryBytes')
  .uint64('alignBytes');

export const isElf = (bytes: Uint8Array): boolean =>
  bytes[0] === 0x7f && bytes[1] === 0x45 && bytes[2] === 0x4c && bytes[3] === 0x46;

/** Reads the headers of an executable; `read` answers up to `length` bytes of the file. Hostile input gives a problem. */
export function parseElf(read: (offset: number, length: number) => Uint8Array): ElfExecutable | ElfProblem {
  const head = read(0, HEADER_BYTES);
  if (!isElf(head)) return 'not an ELF file';
  if (head.length < HEADER_BYTES) return 'damaged ELF headers';
  const header = identification.parse(head);
  const fits = header.class === 2 && header.data === 1 && header.machine === EM_X86_64;
  if (!fits || (header.type !== ET_EXEC && header.type !== ET_DYN)) return 'not a 64-bit x86-64 executable';
  const programHeaderOffset = Number(header.programHeaderOffset);
  const segments = readSegments(
    read,
    programHeaderOffset,
    header.programHeaderCount,
    header.programHeaderBytes,
  );
  if (!segments || Number(header.entry) >= MAX_ADDRESS) return 'damaged ELF headers';
  return {
    entry: Number(header.entry),
    relocatable: header.type === ET_DYN,
    programHeaderOffset,
    segments,
    osAbi: header.osAbi,
  };
}

function readSegments(
  read: (offset: number, length: number) => Uint8Array,
  offset: number,
  count: number,
  size: number,
): ElfSegment[] | undefined {
  if (size !== PROGRAM_HEADER_BYTES || count > MAX_SEGMENTS || !Number.isSafeInteger(offset))
    return undefined;
  const table = read(offset, count * size);
  if (table.length < count * size) return undefined;
  const segments = Array.from({ length: count }, (_, index) => toSegment(table.subarray(index * size)));
  return segments.every(isSane) ? segments : undefined;
}

function toSegment(bytes: Uint8Array): ElfSegment {
  const raw = programHeader.parse(bytes);
  return {
    type: raw.type,
    flags: raw.flags,
    offset: Number(raw.offset),
    virtual: Number(raw.virtual),
    fileBytes: Number(raw.fileBytes),
    memoryBytes: Number(raw.memoryBytes),
    alignBytes: Number(raw.alignBytes),
  };
}

function isSane({ type, offset, virtual, fileBytes, memoryBytes }: ElfSegment): boolean {
  if (type !== SegmentType.LOAD) return true;
  const pageOffsetsAgree = offset % 4096 === virtual % 4096;
  return (
    pageOffsetsAgree &&
    fileBytes <= memoryBytes &&
    virtual + memoryBytes <= MAX_ADDRESS &&
    Number.isSafeInteger(offset + fileBytes)
  );
}
