/**
 * Fixed little-endian layouts as tables of offsets. 64-bit fields are JavaScript numbers in two's complement: exact within
 * ±2^53, and u64::MAX reads as -1. Fields that need all 64 bits are declared `x64` and are bigints.
 */
type NumberKind = 'u8' | 'u16' | 'u32' | 'i32' | 'u64';
type Kind = NumberKind | 'x64' | { readonly text: number };
type Field = readonly [offset: number, kind: Kind];
type ValueOf<K> = K extends NumberKind ? number : K extends 'x64' ? bigint : string;
export type RecordOf<F> = {
  -readonly [N in keyof F]: F[N] extends readonly [number, infer K] ? ValueOf<K> : never;
};

export interface Layout<R> {
  readonly name: string;
  readonly sizeBytes: number;
  readonly fields: Readonly<Record<string, Field>>;
  /** Absent fields are zero. */
  encode(record: Partial<R>): Uint8Array;
  decode(bytes: Uint8Array, at?: number): R;
}

const HALF = 2 ** 32;

/** Signed 64-bit; exact within ±2^53. */
export function readWord(view: DataView, at: number): number {
  return view.getInt32(at + 4, true) * HALF + view.getUint32(at, true);
}

export function writeWord(view: DataView, at: number, value: number): void {
  view.setInt32(at + 4, Math.floor(value / HALF), true);
  view.setUint32(at, value, true);
}

export const viewOf = (bytes: Uint8Array): DataView =>
  new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);

interface Codec {
  get(view: DataView, at: number): unknown;
  set(view: DataView, at: number, value: never): void;
}

const codecs: Record<NumberKind | 'x64', Codec> = {
  u8: { get: (v, at) => v.getUint8(at), set: (v, at, n: number) => v.setUint8(at, n) },
  u16: { get: (v, at) => v.getUint16(at, true), set: (v, at, n: number) => v.setUint16(at, n, true) },
  u32: { get: (v, at) => v.getUint32(at, true), set: (v, at, n: number) => v.setUint32(at, n, true) },
  i32: { get: (v, at) => v.getInt32(at, true), set: (v, at, n: number) => v.setInt32(at, n, true) },
  u64: { get: readWord, set: (v, at, n: number) => writeWord(v, at, n) },
  x64: { get: (v, at) => v.getBigUint64(at, true), set: (v, at, n: bigint) => v.setBigUint64(at, n, true) },
};

/** NUL-padded ASCII of a fixed width; what is longer is cut. */
const textCodec = (width: number): Codec => ({
  get(view, at) {
    const codes = Array.from({ length: width }, (_, i) => view.getUint8(at + i));
    const end = codes.indexOf(0);
    return String.fromCharCode(...codes.slice(0, end < 0 ? width : end));
  },
  set(view, at, text: string) {
    for (let i = 0; i < width; i++) view.setUint8(at + i, i < text.length ? text.charCodeAt(i) & 0x7f : 0);
  },
});

const codecOf = (kind: Kind): Codec => (typeof kind === 'string' ? codecs[kind] : textCodec(kind.text));

export function layout<const F extends Readonly<Record<string, Field>>>(
  name: string,
  sizeBytes: number,
  fields: F,
): Layout<RecordOf<F>> {
  const rows = Object.entries(fields).map(([field, [at, kind]]) => ({ field, at, codec: codecOf(kind) }));
  return {
    name,
    sizeBytes,
    fields,
    encode(record) {
      const bytes = new Uint8Array(sizeBytes);
      const view = viewOf(bytes);
      const values = record as Record<string, never>;
      for (const { field, at, codec } of rows)
        if (values[field] !== undefined) codec.set(view, at, values[field]);
      return bytes;
    },
    decode(bytes, at = 0) {
      const view = viewOf(bytes);
      return Object.fromEntries(
        rows.map((row) => [row.field, row.codec.get(view, at + row.at)]),
      ) as RecordOf<F>;
    },
  };
}

/** Arrays of usize, as fd lists and command words travel. */
export function encodeWords(words: readonly number[]): Uint8Array {
  const bytes = new Uint8Array(words.length * 8);
  const view = viewOf(bytes);
  words.forEach((word, i) => writeWord(view, i * 8, word));
  return bytes;
}

/** Whole words only; a rest of less than 8 bytes is dropped. */
export function decodeWords(bytes: Uint8Array): number[] {
  const view = viewOf(bytes);
  return Array.from({ length: Math.floor(bytes.length / 8) }, (_, i) => readWord(view, i * 8));
}
