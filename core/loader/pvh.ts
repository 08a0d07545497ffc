import type { KernelElf } from './kernel-elf.js';
import { memoryMap } from './memory-map.js';

const PHYS32_ENTRY = 18;
const MAGIC = 0x336e_c578;
const VERSION = 1;
const INFORMATION_BYTES = 56;
const MAP_ENTRY_BYTES = 24;
const Field = { magic: 0, version: 4, commandLine: 24, map: 40, mapEntries: 48 } as const;

/** The physical address that the Xen note names. */
export function pvhEntry({ notes }: KernelElf): number | undefined {
  const note = notes.find(({ name, type }) => name === 'Xen' && type === PHYS32_ENTRY);
  if (!note || note.content.byteLength < 4) return undefined;
  return note.content.getUint32(0, true);
}

/** `struct hvm_start_info` with everything it points to, for an address. */
export function startInformation(address: number, ramBytes: number, commandLine: string): Uint8Array {
  const ranges = memoryMap(ramBytes);
  const lineAt = INFORMATION_BYTES + ranges.length * MAP_ENTRY_BYTES;
  const image = Buffer.alloc(lineAt + Buffer.byteLength(commandLine) + 1);
  image.writeUInt32LE(MAGIC, Field.magic);
  image.writeUInt32LE(VERSION, Field.version);
  image.writeBigUInt64LE(BigInt(address + lineAt), Field.commandLine);
  image.writeBigUInt64LE(BigInt(address + INFORMATION_BYTES), Field.map);
  image.writeUInt32LE(ranges.length, Field.mapEntries);
  ranges.forEach(({ base, length, type }, i) => {
    const at = INFORMATION_BYTES + i * MAP_ENTRY_BYTES;
    image.writeBigUInt64LE(BigInt(base), at);
    image.writeBigUInt64LE(BigInt(length), at + 8);
    image.writeUInt32LE(type, at + 16);
  });
  image.write(commandLine, lineAt);
  return image;
}
