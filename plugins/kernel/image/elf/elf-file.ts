import { ByteWriter } from './byte-writer.js';

/** Section types and flags as in the System V gABI, chapter 4. */
export const SectionType = { progbits: 1, symtab: 2, strtab: 3, nobits: 8 } as const;
export const SectionFlag = { write: 1, alloc: 2, execute: 4 } as const;
export const SegmentFlag = { execute: 1, write: 2, read: 4 } as const;

export interface Section {
  readonly name: string;
  readonly type: number;
  readonly flags: number;
  readonly address: bigint;
  readonly bytes: Uint8Array;
  /** Differs from the length of `bytes` for `.bss` only. */
  readonly sizeBytes: number;
  readonly alignment: number;
}

export interface Segment {
  readonly virtual: bigint;
  readonly physical: number;
  readonly bytes: Uint8Array;
  readonly memoryBytes: number;
  /** Bits of SegmentFlag. */
  readonly flags: number;
}

export interface ElfSymbol {
  readonly name: string;
  readonly address: bigint;
  readonly sizeBytes: number;
  readonly kind: 'function' | 'object';
  readonly section: string;
}

interface Extra {
  readonly link: number;
  readonly info: number;
  readonly entryBytes: number;
}

const HEADER_BYTES = 64;
const PROGRAM_HEADER_BYTES = 56;
const SYMBOL_BYTES = 24;
const PAGE_BYTES = 4096;
const X86_64 = 62;
const LOAD = 1;
const EXECUTABLE = 2;
const GLOBAL = 1 << 4;
const KIND = { function: 2, object: 1 } as const;
const NO_EXTRA: Extra = { link: 0, info: 0, entryBytes: 0 };

/** Writes an ELF64 executable for x86-64. The segments are stored once; sections inside them point there. */
export function writeElf(
  entry: bigint,
  segments: readonly Segment[],
  sections: readonly Section[],
  symbols: readonly ElfSymbol[],
): Uint8Array {
  const all = withTables(sections, symbols);
  const out = new ByteWriter();
  const segmentOffsets = segments.map((segment) => appendSegment(out, segment));
  const sectionOffsets = all.map(({ section }) => appendSection(out, section, segments, segmentOffsets));
  out.align(8);
  const headersAt = HEADER_BYTES + PROGRAM_HEADER_BYTES * segments.length;
  const body = out.toBytes();
  const start = alignTo(headersAt, PAGE_BYTES);
  const file = new ByteWriter();
  writeHeader(file, entry, start + body.length, { segments: segments.length, sections: all.length + 1 });
  segments.forEach((segment, index) =>
    writeProgramHeader(file, segment, start + (segmentOffsets[index] ?? 0)),
  );
  file.align(PAGE_BYTES).append(body);
  file.append(new Uint8Array(64));
  const names = sectionNames(all.map(({ section }) => section.name));
  all.forEach((item, index) =>
    writeSectionHeader(file, item, names.get(item.section.name) ?? 0, start + (sectionOffsets[index] ?? 0)),
  );
  return file.toBytes();
}

const alignTo = (value: number, step: number) => Math.ceil(value / step) * step;

function appendSegment(out: ByteWriter, segment: Segment): number {
  out.align(PAGE_BYTES);
  const offset = out.length;
  out.append(segment.bytes);
  return offset;
}

function appendSection(
  out: ByteWriter,
  section: Section,
  segments: readonly Segment[],
  segmentOffsets: readonly number[],
): number {
  const home = segments.findIndex(
    ({ virtual, memoryBytes }) =>
      section.flags & SectionFlag.alloc &&
      section.address >= virtual &&
      section.address < virtual + BigInt(memoryBytes),
  );
  const segment = segments[home];
  if (segment)
    return (
      (segmentOffsets[home] ?? 0) + Math.min(Number(section.address - segment.virtual), segment.bytes.length)
    );
  out.align(section.alignment);
  const offset = out.length;
  out.append(section.bytes);
  return offset;
}

function withTables(
  sections: readonly Section[],
  symbols: readonly ElfSymbol[],
): { section: Section; extra: Extra }[] {
  const strings = sectionNames(symbols.map(({ name }) => name));
  const indexes = new Map(sections.map(({ name }, index) => [name, index + 1]));
  const link = sections.length + 2;
  const names = [...sections.map(({ name }) => name), '.symtab', '.strtab', '.shstrtab'];
  return [
    ...sections.map((section) => ({ section, extra: NO_EXTRA })),
    {
      section: table('.symtab', SectionType.symtab, symbolTable(symbols, strings, indexes), 8),
      extra: { link, info: 1, entryBytes: SYMBOL_BYTES },
    },
    { section: table('.strtab', SectionType.strtab, stringTable(strings), 1), extra: NO_EXTRA },
    { section: table('.shstrtab', SectionType.strtab, stringTable(sectionNames(names)), 1), extra: NO_EXTRA },
  ];
}

const table = (name: string, type: number, bytes: Uint8Array, alignment: number): Section => ({
  name, type, flags: 0, address: 0n, bytes, sizeBytes: bytes.length, alignment,
}); // prettier-ignore

/** Offsets in a string table: a zero byte, then each name once, zero-terminated. */
function sectionNames(names: readonly string[]): Map<string, number> {
  const offsets = new Map<string, number>();
  let next = 1;
  for (const name of names) {
    if (offsets.has(name)) continue;
    offsets.set(name, next);
    next += new TextEncoder().encode(name).length + 1;
  }
  return offsets;
}

function stringTable(offsets: ReadonlyMap<string, number>): Uint8Array {
  const out = new ByteWriter().u8(0);
  for (const name of offsets.keys()) out.text(name);
  return out.toBytes();
}

function symbolTable(
  symbols: readonly ElfSymbol[],
  strings: ReadonlyMap<string, number>,
  sections: ReadonlyMap<string, number>,
): Uint8Array {
  const out = new ByteWriter().append(new Uint8Array(SYMBOL_BYTES));
  for (const symbol of symbols) {
    out.u32(strings.get(symbol.name) ?? 0).u16(GLOBAL | KIND[symbol.kind]);
    out
      .u16(sections.get(symbol.section) ?? 0)
      .u64(symbol.address)
      .u64(BigInt(symbol.sizeBytes));
  }
  return out.toBytes();
}

interface Counts {
  readonly segments: number;
  readonly sections: number;
}

function writeHeader(
  out: ByteWriter,
  entry: bigint,
  sectionsAt: number,
  { segments, sections }: Counts,
): void {
  out.append([0x7f, 0x45, 0x4c, 0x46, 2, 1, 1, 0]).append(new Uint8Array(8));
  out.u16(EXECUTABLE).u16(X86_64).u32(1).u64(entry).u64(BigInt(HEADER_BYTES)).u64(BigInt(sectionsAt)).u32(0);
  out
    .u16(HEADER_BYTES)
    .u16(PROGRAM_HEADER_BYTES)
    .u16(segments)
    .u16(64)
    .u16(sections)
    .u16(sections - 1);
}

function writeProgramHeader(out: ByteWriter, segment: Segment, offset: number): void {
  out.u32(LOAD).u32(segment.flags).u64(BigInt(offset)).u64(segment.virtual).u64(BigInt(segment.physical));
  out.u64(BigInt(segment.bytes.length)).u64(BigInt(segment.memoryBytes)).u64(BigInt(PAGE_BYTES));
}

function writeSectionHeader(
  out: ByteWriter,
  item: { section: Section; extra: Extra },
  name: number,
  offset: number,
): void {
  const { section, extra } = item;
  out.u32(name).u32(section.type).u64(BigInt(section.flags)).u64(section.address).u64(BigInt(offset));
  out.u64(BigInt(section.sizeBytes)).u32(extra.link).u32(extra.info);
  out.u64(BigInt(section.alignment)).u64(BigInt(extra.entryBytes));
}
