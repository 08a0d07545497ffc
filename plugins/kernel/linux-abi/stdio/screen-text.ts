const RETURN = 13;
const NEWLINE = 10;

const isDoubled = (bytes: Uint8Array, at: number): boolean =>
  bytes[at] === RETURN && bytes[at + 1] === NEWLINE;

/** For a host terminal that itself makes a return and a newline out of a newline: ours are left out. */
export const cooked = (bytes: Uint8Array): Uint8Array => bytes.filter((_byte, at) => !isDoubled(bytes, at));

/** How many of `bytes` the first `taken` bytes of `cooked(bytes)` stand for. */
export function lengthBehind(bytes: Uint8Array, taken: number): number {
  let at = 0;
  for (let left = taken; at < bytes.length && left > 0; at++) if (!isDoubled(bytes, at)) left -= 1;
  return at;
}
