/** Reads up to `length` bytes of a file. */
export type ReadFile = (offset: number, length: number) => Uint8Array;

export interface NamedPlace {
  readonly name: string;
  readonly offset: number;
}

const SECTION_HEADER_BYTES = 64;
const SYMBOL_BYTES = 24;
const SHT_SYMTAB = 2;
const SHT_DYNSYM = 11;
const STT_NOTYPE = 0;
const STT_FUNC = 2;
const MAX_TABLE_BYTES = 2 ** 26;
const MAX_NAME_BYTES = 256;

interface Section {
  readonly type: number;
  readonly offset: number;
  readonly bytes: number;
  readonly link: number;
}

/** The function around an address, as linked, by the file's own symbol table. Undefined where that says nothing. */
export function symbolAt(read: ReadFile, address: number): NamedPlace | undefined {
  const sections = readSections(read);
  const table =
    sections.find(({ type }) => type === SHT_SYMTAB) ?? sections.find(({ type }) => type === SHT_DYNSYM);
  const names = table && sections[table.link];
  if (!table || !names || table.bytes > MAX_TABLE_BYTES) return undefined;
  const found = closest(view(read(table.offset, table.bytes)), address);
  const name = found && nameAt(read, names, found.name);
  return name ? { name, offset: address - found.value } : undefined;
}

const view = (bytes: Uint8Array) => new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);

function readSections(read: ReadFile): Section[] {
  const head = read(0, SECTION_HEADER_BYTES);
  if (head.length < SECTION_HEADER_BYTES) return [];
  const offset = Number(view(head).getBigUint64(0x28, true));
  const count = view(head).getUint16(0x3c, true);
  const size = view(head).getUint16(0x3a, true);
  if (size !== SECTION_HEADER_BYTES || !Number.isSafeInteger(offset)) return [];
  const table = read(offset, count * size);
  const whole = Math.floor(table.length / size);
  return Array.from({ length: whole }, (_, at) => toSection(view(table.subarray(at * size))));
}

const toSection = (header: DataView): Section => ({
  type: header.getUint32(4, true),
  offset: Number(header.getBigUint64(0x18, true)),
  bytes: Number(header.getBigUint64(0x20, true)),
  link: header.getUint32(0x28, true),
});

/** Of the functions that begin at or before the address, the last; one whose size says that it ended earlier does not count. */
function closest(table: DataView, address: number): { name: number; value: number } | undefined {
  let best: { name: number; value: number } | undefined;
  for (let at = 0; at + SYMBOL_BYTES <= table.byteLength; at += SYMBOL_BYTES) {
    const type = table.getUint8(at + 4) & 0xf;
    const value = Number(table.getBigUint64(at + 8, true));
    const size = Number(table.getBigUint64(at + 16, true));
    const candidate = (type === STT_FUNC || type === STT_NOTYPE) && table.getUint16(at + 6, true) !== 0;
    if (!candidate || value > address || (size > 0 && address >= value + size)) continue;
    if (!best || value >= best.value) best = { name: table.getUint32(at, true), value };
  }
  return best;
}

/** Printable, whatever the file says. */
function nameAt(read: ReadFile, { offset, bytes }: Section, at: number): string {
  if (at >= bytes || !Number.isSafeInteger(offset + at)) return '';
  const text = Buffer.from(read(offset + at, Math.min(MAX_NAME_BYTES, bytes - at))).toString('latin1');
  return (text.split('\0', 1)[0] ?? '').replace(/[^\x20-\x7e]/g, '?');
}
