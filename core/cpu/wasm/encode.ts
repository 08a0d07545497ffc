/** Variable-length integers and sections of the WebAssembly binary format (core specification, chapter 5). */
export function leb128(value: number): number[] {
  const bytes: number[] = [];
  let rest = value >>> 0;
  do {
    const low = rest & 0x7f;
    rest >>>= 7;
    bytes.push(rest > 0 ? low | 0x80 : low);
  } while (rest > 0);
  return bytes;
}

export function signedLeb128(value: number): number[] {
  const bytes: number[] = [];
  let rest = value | 0;
  for (;;) {
    const low = rest & 0x7f;
    rest >>= 7;
    if ((rest === 0 && (low & 0x40) === 0) || (rest === -1 && (low & 0x40) !== 0)) return [...bytes, low];
    bytes.push(low | 0x80);
  }
}

export function signedLeb128Big(value: bigint): number[] {
  if (value >= -0x8000_0000n && value <= 0x7fff_ffffn) return signedLeb128(Number(value));
  const bytes: number[] = [];
  let rest = BigInt.asIntN(64, value);
  for (;;) {
    const low = Number(rest & 0x7fn);
    rest >>= 7n;
    if ((rest === 0n && (low & 0x40) === 0) || (rest === -1n && (low & 0x40) !== 0)) return [...bytes, low];
    bytes.push(low | 0x80);
  }
}

export const vector = (items: readonly (readonly number[])[]) => [...leb128(items.length), ...items.flat()];

export const name = (text: string) => {
  const bytes = [...new TextEncoder().encode(text)];
  return [...leb128(bytes.length), ...bytes];
};

/** Header of a section whose body is `length` bytes. */
export const sectionHeader = (id: number, length: number) => [id, ...leb128(length)];
