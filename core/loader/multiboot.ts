import type { KernelElf, KernelSegment } from './kernel-elf.js';
import { CONVENTIONAL_KIB, memoryMap } from './memory-map.js';

/** In eax at the entry. */
export const MULTIBOOT_MAGIC = 0x2bad_b002;
const HEADER_MAGIC = 0x1bad_b002;
const SEARCHED_BYTES = 8192;
const HEADER_BYTES = 12;
const ADDRESS_FIELDS = 1 << 16;
/** Page alignment and memory information are always given; of the lower sixteen flags no other may be asked for. */
const MANDATORY_KNOWN = 0x3;
const MANDATORY = 0xffff;

export interface MultibootKernel {
  readonly entry: number;
  readonly segments: readonly KernelSegment[];
}

/** By its header; undefined where the file has none, or asks for what is not built. */
export function multibootEntry(file: Uint8Array, elf: KernelElf | undefined): MultibootKernel | undefined {
  const view = new DataView(file.buffer, file.byteOffset, file.length);
  const at = headerAt(view);
  if (at === undefined) return undefined;
  const flags = view.getUint32(at + 4, true);
  if (flags & MANDATORY & ~MANDATORY_KNOWN) return undefined;
  if ((flags & ADDRESS_FIELDS) === 0) return elf && { entry: elf.entry, segments: elf.segments };
  return at + 32 <= file.length ? flatKernel(file, view, at) : undefined;
}

function headerAt(view: DataView): number | undefined {
  const last = Math.min(view.byteLength, SEARCHED_BYTES) - HEADER_BYTES;
  for (let at = 0; at <= last; at += 4) {
    if (view.getUint32(at, true) !== HEADER_MAGIC) continue;
    const sum = HEADER_MAGIC + view.getUint32(at + 4, true) + view.getUint32(at + 8, true);
    if (sum % 2 ** 32 === 0) return at;
  }
  return undefined;
}

/** The header itself says what lies where. */
function flatKernel(file: Uint8Array, view: DataView, at: number): MultibootKernel | undefined {
  const [header, start, loadEnd, bssEnd, entry] = [12, 16, 20, 24, 28].map((field) =>
    view.getUint32(at + field, true),
  ) as [number, number, number, number, number];
  const from = at - (header - start);
  const end = loadEnd === 0 ? file.length : from + loadEnd - start;
  if (from < 0 || start > header || end > file.length || end < from) return undefined;
  const bytes = file.subarray(from, end);
  return {
    entry,
    segments: [{ physical: start, bytes, memoryBytes: Math.max(bytes.length, bssEnd - start) }],
  };
}

const Flag = { memory: 1, commandLine: 1 << 2, memoryMap: 1 << 6, loaderName: 1 << 9 } as const;
const Field = {
  flags: 0,
  lower: 4,
  upper: 8,
  commandLine: 16,
  mapBytes: 44,
  map: 48,
  loaderName: 64,
} as const;
const INFORMATION_BYTES = 120;
const MAP_ENTRY_BYTES = 24;
const LOADER = 'halfcell';

/** The information structure with everything it points to, for an address. */
export function multibootInformation(address: number, ramBytes: number, commandLine: string): Uint8Array {
  const ranges = memoryMap(ramBytes);
  const mapAt = INFORMATION_BYTES;
  const nameAt = mapAt + ranges.length * MAP_ENTRY_BYTES;
  const lineAt = nameAt + LOADER.length + 1;
  const image = Buffer.alloc(lineAt + Buffer.byteLength(commandLine) + 1);
  image.writeUInt32LE(Flag.memory | Flag.commandLine | Flag.memoryMap | Flag.loaderName, Field.flags);
  image.writeUInt32LE(CONVENTIONAL_KIB, Field.lower);
  image.writeUInt32LE(ramBytes / 1024 - 1024, Field.upper);
  image.writeUInt32LE(address + lineAt, Field.commandLine);
  image.writeUInt32LE(ranges.length * MAP_ENTRY_BYTES, Field.mapBytes);
  image.writeUInt32LE(address + mapAt, Field.map);
  image.writeUInt32LE(address + nameAt, Field.loaderName);
  ranges.forEach(({ base, length, type }, i) => {
    const at = mapAt + i * MAP_ENTRY_BYTES;
    image.writeUInt32LE(MAP_ENTRY_BYTES - 4, at);
    image.writeBigUInt64LE(BigInt(base), at + 4);
    image.writeBigUInt64LE(BigInt(length), at + 12);
    image.writeUInt32LE(type, at + 20);
  });
  image.write(LOADER, nameAt, 'latin1');
  image.write(commandLine, lineAt);
  return image;
}
