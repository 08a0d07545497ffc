import type { Context } from '../../contexts/context.js';

const NS_PER_S = 1_000_000_000;
const US_PER_S = 1_000_000;
export const TIMESPEC_BYTES = 16;

/** Nanoseconds of a struct timespec; undefined for what is no time. */
export function decodeTimespec(context: Context, pointer: number): number | undefined {
  const [seconds, nanoseconds] = readPair(context, pointer);
  const valid = seconds >= 0 && nanoseconds >= 0 && nanoseconds < NS_PER_S;
  return valid ? Math.min(seconds * NS_PER_S + nanoseconds, Number.MAX_SAFE_INTEGER) : undefined;
}

/** Nanoseconds of a struct timeval; undefined for what is no time. */
export function decodeTimeval(context: Context, pointer: number): number | undefined {
  const [seconds, microseconds] = readPair(context, pointer);
  const valid = seconds >= 0 && microseconds >= 0 && microseconds < US_PER_S;
  return valid ? Math.min(seconds * NS_PER_S + microseconds * 1000, Number.MAX_SAFE_INTEGER) : undefined;
}

export const encodeTimespec = (ns: number): Uint8Array =>
  encodePair(Math.floor(ns / NS_PER_S), Math.floor(ns % NS_PER_S));

export const encodeTimeval = (ns: number): Uint8Array =>
  encodePair(Math.floor(ns / NS_PER_S), Math.floor((ns % NS_PER_S) / 1000));

function readPair(context: Context, pointer: number): [number, number] {
  const bytes = context.user.read(pointer, TIMESPEC_BYTES);
  const view = new DataView(bytes.buffer, bytes.byteOffset);
  return [Number(view.getBigInt64(0, true)), Number(view.getBigInt64(8, true))];
}

function encodePair(first: number, second: number): Uint8Array {
  const bytes = new Uint8Array(TIMESPEC_BYTES);
  const view = new DataView(bytes.buffer);
  view.setBigInt64(0, BigInt(first), true);
  view.setBigInt64(8, BigInt(second), true);
  return bytes;
}
