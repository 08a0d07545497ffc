import type { OpenFile } from '../target.js';

const SIZE_BYTES = 64;
const REGULAR_READ_ONLY = 0o100_444;
const BLOCK_BYTES = 512;

/** struct stat of gdb's File-I/O protocol, big endian: gdb manual, E.13.8.4. */
export function fileStatus({ sizeBytes, modifiedSeconds = 0 }: OpenFile): Uint8Array {
  const bytes = Buffer.alloc(SIZE_BYTES);
  bytes.writeUInt32BE(REGULAR_READ_ONLY, 8);
  bytes.writeUInt32BE(1, 12);
  bytes.writeBigUInt64BE(BigInt(sizeBytes), 28);
  bytes.writeBigUInt64BE(BigInt(BLOCK_BYTES), 36);
  bytes.writeBigUInt64BE(BigInt(Math.ceil(sizeBytes / BLOCK_BYTES)), 44);
  bytes.writeUInt32BE(modifiedSeconds >>> 0, 56);
  return bytes;
}
