const ADDRESS = 0x40_0000;
const HEADERS_BYTES = 64 + 56;
const SEGMENT_FLAGS_RX = 5;

/** A static ELF file for x86-64 Linux that only ends: `exit_group(0)`. */
export function smallestProgram(): Uint8Array {
  // mov eax, 231; xor edi, edi; syscall
  const code = Uint8Array.of(0xb8, 0xe7, 0, 0, 0, 0x31, 0xff, 0x0f, 0x05);
  return elfAround(code);
}

/** One readable and executable segment with `code` behind the headers, which is entered at its first byte. */
export function elfAround(code: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(HEADERS_BYTES + code.length);
  const view = new DataView(bytes.buffer);
  bytes.set([0x7f, 0x45, 0x4c, 0x46, 2, 1, 1]);
  const header: [at: number, bytes: 2 | 4 | 8, value: number][] = [
    [16, 2, 2], [18, 2, 62], [20, 4, 1], [24, 8, ADDRESS + HEADERS_BYTES], [32, 8, 64], [52, 2, 64], [54, 2, 56], [56, 2, 1],
    [64, 4, 1], [68, 4, SEGMENT_FLAGS_RX], [80, 8, ADDRESS], [88, 8, ADDRESS], [96, 8, bytes.length], [104, 8, bytes.length], [112, 8, 0x1000],
  ]; // prettier-ignore
  for (const [at, size, value] of header) {
    if (size === 8) view.setBigUint64(at, BigInt(value), true);
    else if (size === 4) view.setUint32(at, value, true);
    else view.setUint16(at, value, true);
  }
  bytes.set(code, HEADERS_BYTES);
  return bytes;
}
