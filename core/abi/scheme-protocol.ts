/**
 * Scheme protocol v2 (redox_syscall 0.9): the kernel writes requests (SQE), the server answers them (CQE), both through the
 * scheme's socket. The last part of this file is our extension for servers that run in isolates, and for memory objects.
 */
import { readWord, viewOf, writeWord } from './wire.js';

export const SQE_BYTES = 64;
export const CQE_BYTES = 16;

export const SchemeOp = {
  CLOSE: 3,
  DUP: 4,
  READ: 5,
  WRITE: 6,
  FSIZE: 7,
  FCHMOD: 8,
  FCHOWN: 9,
  FCNTL: 10,
  FEVENT: 11,
  SENDFD: 12,
  FPATH: 13,
  FRENAME: 14,
  FSTAT: 15,
  FSTATVFS: 16,
  FSYNC: 17,
  FTRUNCATE: 18,
  FUTIMENS: 19,
  MMAP_PREP: 20,
  REQUEST_MMAP: 21,
  MREMAP: 22,
  MUNMAP: 23,
  MSYNC: 24,
  CANCEL: 25,
  GETDENTS: 26,
  CLOSE_MSG: 27,
  CALL: 28,
  OPENAT: 29,
  FLINK: 30,
  RECVFD: 31,
  UNLINKAT: 32,
  STD_FS_CALL: 33,
  DETACH: 34,
} as const;

export const SqeFlag = { ONEWAY: 1, MULTIPLE_IDS: 2 } as const;

/** `args` are signed 64-bit as numbers: an offset of u64::MAX is -1. args[5] is euid | egid << 32 unless noted. */
export interface Sqe {
  readonly opcode: number;
  readonly flags: number;
  readonly tag: number;
  readonly args: readonly number[];
  readonly caller: number;
}

export function encodeSqe(sqe: Sqe): Uint8Array {
  const bytes = new Uint8Array(SQE_BYTES);
  const view = viewOf(bytes);
  view.setUint8(0, sqe.opcode);
  view.setUint8(1, sqe.flags);
  view.setUint32(4, sqe.tag, true);
  for (let i = 0; i < 6; i++) writeWord(view, 8 + i * 8, sqe.args[i] ?? 0);
  writeWord(view, 56, sqe.caller);
  return bytes;
}

export function decodeSqe(bytes: Uint8Array, at = 0): Sqe {
  const view = viewOf(bytes);
  return {
    opcode: view.getUint8(at),
    flags: view.getUint8(at + 1),
    tag: view.getUint32(at + 4, true),
    args: Array.from({ length: 6 }, (_, i) => readWord(view, at + 8 + i * 8)),
    caller: readWord(view, at + 56),
  };
}

/** Exact for an egid below 2^21. */
const ID_HALF = 2 ** 32;
export const packIds = (euid: number, egid: number): number => egid * ID_HALF + euid;
export const unpackIds = (word: number): { euid: number; egid: number } => ({
  euid: word >>> 0,
  egid: Math.floor(word / ID_HALF) >>> 0,
});

/** Bits 2:0 of a CQE's first byte; 6 and 7 are EINVAL. */
export const CqeOp = {
  RESPOND_REGULAR: 0,
  RESPOND_WITH_FD: 1,
  SEND_FEVENT: 2,
  OBTAIN_FD: 3,
  RESPOND_WITH_MULTIPLE_FDS: 4,
  RESPOND_AND_NOTIFY_ON_DETACH: 5,
} as const;

/** `op` is the whole first byte; `extra` is the 24-bit number in bytes 1..3 (byte 1 alone is NewFdFlags). */
export interface Cqe {
  readonly op: number;
  readonly extra: number;
  readonly tag: number;
  readonly result: number;
}

export function encodeCqe(cqe: Cqe): Uint8Array {
  const bytes = new Uint8Array(CQE_BYTES);
  const view = viewOf(bytes);
  view.setUint32(0, cqe.op + cqe.extra * 0x100, true);
  view.setUint32(4, cqe.tag, true);
  writeWord(view, 8, cqe.result);
  return bytes;
}

export function decodeCqe(bytes: Uint8Array, at = 0): Cqe {
  const view = viewOf(bytes);
  const head = view.getUint32(at, true);
  return {
    op: head & 0xff,
    extra: head >>> 8,
    tag: view.getUint32(at + 4, true),
    result: readWord(view, at + 8),
  };
}

/** First metadata word of a CALL on a scheme socket with READ|FD (obtain) or WRITE|FD (move); the second is the tag. */
export const SchemeSocketCall = {
  OBTAIN_FD: 0,
  MOVE_FD: 1,
  /**
   * Ours. CALL without FD, metadata [REPLY_RECEIVE, cqeBytes, flags]: the payload holds cqeBytes of CQEs and is then filled
   * with SQEs; the result is their length in bytes. A CQE that cannot be delivered is dropped. Blocks as READ does;
   * flags 1 (RwFlag.NONBLOCK) answers EAGAIN instead.
   */
  REPLY_RECEIVE: 0x100,
} as const;

/**
 * Answers beyond Redox's, told apart by bit 7 of the first byte. (object, offset) answers work for every server;
 * RESPOND_WITH_BYTES is how an isolate, in whose page no client memory can be mapped, answers out-buffers.
 *
 * Requests to an isolate:
 * - in-payloads (WRITE, paths, DUP, CALL, FUTIMENS, RELPATHAT and locks of STD_FS_CALL) are copied by the kernel to the
 *   request area of the server's page (isolate-page.ts), 8-aligned one behind the other, when the SQE is received. They
 *   are valid until the process receives SQEs again. As many SQEs are handed out as have room, at least one.
 * - out-payloads (READ, FPATH, FSTAT, GETDENTS, FSTATVFS, the out half of CALL) have no place in the page: the buffer argument
 *   is 0 where nothing comes in, the length argument says what the client accepts.
 */
export const ExtensionCqeOp = {
  /**
   * READ: the kernel copies bytes [result, …) of the object to the client, as many as the client asked for and the object
   * has; the client's result is that count. WRITE: the request's payload is stored to the object at offset `result`,
   * which grows; the client's result is its length. MMAP_PREP: pages of the object from offset `result` are mapped.
   * `extra` is the object's descriptor in the server's table; it stays there.
   */
  RESPOND_WITH_OBJECT: 0x80,
  /**
   * `result` is the client's result (32 bits) and, from bit 32 on, a number of bytes: see `packBytesResult`. That many bytes at page
   * offset `extra` of the server are copied to the client's buffer, cut to what it accepts.
   */
  RESPOND_WITH_BYTES: 0x81,
} as const;

const COUNT_UNIT = 2 ** 32;
export const packBytesResult = (result: number, byteCount: number): number =>
  (result >>> 0) + byteCount * COUNT_UNIT;
export const unpackBytesResult = (word: number): { result: number; byteCount: number } => ({
  result: word >>> 0,
  byteCount: Math.floor(word / COUNT_UNIT),
});

/**
 * Requests beyond Redox's. CARRY asks a server, before a swap, for its state: args[0] is a byte offset into the JSON text
 * of `CarriedService`; answered with RESPOND_WITH_BYTES until a piece is empty. From the first CARRY on the server answers
 * nothing else; requests it had parked stay Waiting in the kernel and are finished by its successor, under the same tags.
 */
export const ExtensionSchemeOp = { CARRY: 0x80 } as const;

export interface CarriedService {
  readonly version: number;
  /** The scheme's socket, in the table that the context keeps. */
  readonly socket: number;
  readonly parked: readonly { readonly sqe: Sqe; readonly payload: readonly number[] }[];
  /** Root capabilities it has asked for, by scheme name. */
  readonly roots: Readonly<Record<string, number>>;
  /** Plain data of the scheme: handles by number, memory objects by descriptor (the context keeps its table). */
  readonly state: unknown;
}

/**
 * Memory objects, ours: OPENAT_INTO on the root of kernel scheme `memory` with this path makes an empty one. READ, WRITE (positioned
 * or with READ2/WRITE2), FSTAT, LSEEK, Ftruncate and FMAP work on it; WRITE behind the end grows it, holes read as zeroes.
 */
export const MEMORY_OBJECT_PATH = 'object';
