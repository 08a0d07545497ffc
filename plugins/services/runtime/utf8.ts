/** UTF-8 for engines without TextEncoder. Damaged input decodes to U+FFFD, lone surrogates encode as it. */
const REPLACEMENT = 0xfffd;

export function encodeUtf8(text: string): Uint8Array {
  const bytes = new Uint8Array(text.length * 3);
  let at = 0;
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (code < 0x80) bytes[at++] = code;
    else {
      const point = pointAt(text, i);
      if (point > 0xffff) i++;
      at = putPoint(bytes, at, point);
    }
  }
  return bytes.slice(0, at);
}

function pointAt(text: string, i: number): number {
  const point = text.codePointAt(i) ?? REPLACEMENT;
  return point >= 0xd800 && point <= 0xdfff ? REPLACEMENT : point;
}

function putPoint(bytes: Uint8Array, at: number, point: number): number {
  const tail = (shift: number) => 0x80 | ((point >> shift) & 0x3f);
  if (point < 0x800) bytes.set([0xc0 | (point >> 6), tail(0)], at);
  else if (point < 0x1_0000) bytes.set([0xe0 | (point >> 12), tail(6), tail(0)], at);
  else bytes.set([0xf0 | (point >> 18), tail(12), tail(6), tail(0)], at);
  return at + (point < 0x800 ? 2 : point < 0x1_0000 ? 3 : 4);
}

const CHUNK_CHARS = 8192;

export function decodeUtf8(bytes: Uint8Array): string {
  let text = '';
  const codes: number[] = [];
  for (let at = 0; at < bytes.length;) {
    const { point, length } = pointOf(bytes, at);
    codes.push(point);
    at += length;
    if (codes.length < CHUNK_CHARS) continue;
    text += String.fromCodePoint(...codes);
    codes.length = 0;
  }
  return text + String.fromCodePoint(...codes);
}

const SHAPES = [
  { mask: 0x80, head: 0x00, length: 1, least: 0 },
  { mask: 0xe0, head: 0xc0, length: 2, least: 0x80 },
  { mask: 0xf0, head: 0xe0, length: 3, least: 0x800 },
  { mask: 0xf8, head: 0xf0, length: 4, least: 0x1_0000 },
];

function pointOf(bytes: Uint8Array, at: number): { point: number; length: number } {
  const first = bytes[at] ?? 0;
  if (first < 0x80) return { point: first, length: 1 };
  const damaged = { point: REPLACEMENT, length: 1 };
  const shape = SHAPES.find(({ mask, head }) => (first & mask) === head);
  if (!shape) return damaged;
  let point = first & ~shape.mask;
  for (let i = 1; i < shape.length; i++) {
    const next = bytes[at + i] ?? 0;
    if ((next & 0xc0) !== 0x80) return damaged;
    point = (point << 6) | (next & 0x3f);
  }
  const valid = point >= shape.least && point <= 0x10_ffff && !(point >= 0xd800 && point <= 0xdfff);
  return valid ? { point, length: shape.length } : damaged;
}

/** Cuts at the last whole character, for text that arrives in pieces. */
export function wholeCharacters(bytes: Uint8Array): number {
  const from = Math.max(0, bytes.length - 3);
  for (let at = bytes.length - 1; at >= from; at--) {
    const byte = bytes[at] ?? 0;
    if (byte < 0x80) return bytes.length;
    if (byte < 0xc0) continue;
    const needed = byte >= 0xf0 ? 4 : byte >= 0xe0 ? 3 : 2;
    return at + needed > bytes.length ? at : bytes.length;
  }
  return bytes.length;
}

export function concat(parts: readonly Uint8Array[]): Uint8Array {
  const whole = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}
