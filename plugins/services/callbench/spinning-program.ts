const HEADER_BYTES = 64;
const ENTRY_BYTES = 56;
const BASE = 0x40_0000;
const X86_64 = 62;
const EXECUTABLE = 2;
const LOAD = 1;
const READ_EXECUTE = 5;
const JUMP_TO_ITSELF = [0xeb, 0xfe];

/** An ELF program of one instruction: it never ends and never calls the kernel. */
export function spinningProgram(): Uint8Array {
  const entryOffset = HEADER_BYTES + ENTRY_BYTES;
  const bytes = new Uint8Array(entryOffset + JUMP_TO_ITSELF.length);
  bytes.set([0x7f, 0x45, 0x4c, 0x46, 2, 1, 1]);
  bytes.set(JUMP_TO_ITSELF, entryOffset);
  const view = new DataView(bytes.buffer);
  fileHeader(view, BASE + entryOffset);
  programHeader(new DataView(bytes.buffer, HEADER_BYTES), bytes.length);
  return bytes;
}

function fileHeader(view: DataView, entry: number): void {
  view.setUint16(16, EXECUTABLE, true);
  view.setUint16(18, X86_64, true);
  view.setUint32(20, 1, true);
  view.setUint32(24, entry, true);
  view.setUint32(32, HEADER_BYTES, true);
  view.setUint16(52, HEADER_BYTES, true);
  view.setUint16(54, ENTRY_BYTES, true);
  view.setUint16(56, 1, true);
}

function programHeader(view: DataView, bytes: number): void {
  view.setUint32(0, LOAD, true);
  view.setUint32(4, READ_EXECUTE, true);
  view.setUint32(16, BASE, true);
  view.setUint32(24, BASE, true);
  view.setUint32(32, bytes, true);
  view.setUint32(40, bytes, true);
  view.setUint32(48, 4096, true);
}
