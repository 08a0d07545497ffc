import { encodeDirents } from '../../../../core/abi/dirent.js';
import { Errno } from '../../../../core/abi/errno.js';
import { StdFsCall } from '../../../../core/abi/flags.js';
import { SchemeOp, unpackIds } from '../../../../core/abi/scheme-protocol.js';
import { Stat, StatVfs, TimeSpec } from '../../../../core/abi/structs.js';
import { PosixError } from '../posix-error.js';
import { decodeUtf8, encodeUtf8 } from '../utf8.js';
import { LATER } from './scheme.js';
import type { Sqe } from '../../../../core/abi/scheme-protocol.js';
import type { Caller, CallAnswer, Later, ObjectRange, Opened, Scheme, SentFds } from './scheme.js';

/** What goes back to the kernel, before it is encoded. */
export type Answer =
  | { readonly kind: 'number'; readonly result: number }
  | { readonly kind: 'opened'; readonly opened: Opened }
  /** Without a result the client gets the number of bytes. */
  | { readonly kind: 'bytes'; readonly bytes: Uint8Array; readonly result?: number }
  | { readonly kind: 'object'; readonly range: ObjectRange };

export interface Request {
  readonly sqe: Sqe;
  readonly payload: Uint8Array;
  readonly caller: Caller;
  readonly sent: SentFds;
}

type Handler = (scheme: Scheme, id: number, request: Request) => Answer | Later;

const number = (result: number): Answer => ({ kind: 'number', result });
const DONE = number(0);
const bytes = (content: Uint8Array, result?: number): Answer =>
  result === undefined ? { kind: 'bytes', bytes: content } : { kind: 'bytes', bytes: content, result };

const fail = (errno: number): never => {
  throw new PosixError(errno);
};

export const callerOf = ({ args, caller, tag }: Sqe): Caller => {
  const { euid, egid } = unpackIds(args[5] ?? 0);
  return { pid: caller, uid: euid, gid: egid, tag };
};

const opened = (outcome: Opened | Later | undefined, missing: number): Answer | Later => {
  if (outcome === LATER) return LATER;
  return outcome ? { kind: 'opened', opened: outcome } : fail(missing);
};

const arg = ({ sqe }: Request, i: number): number => sqe.args[i] ?? 0;
const done = (present: unknown, errno: number): Answer => (present === undefined ? fail(errno) : DONE);
/** Calls an optional method that answers nothing; tells a missing one from a finished one. */
const did = (act: (() => void) | undefined, errno: number): Answer => done(act && (act(), true), errno);

const read: Handler = (scheme, id, request) => {
  if (!scheme.read) return fail(Errno.EBADF);
  const answer = scheme.read(id, arg(request, 2), arg(request, 3), request.caller);
  if (answer === LATER) return LATER;
  return 'object' in answer
    ? { kind: 'object', range: answer }
    : bytes(answer.subarray(0, Math.max(0, arg(request, 2))));
};

const write: Handler = (scheme, id, request) => {
  if (!scheme.write) return fail(Errno.EBADF);
  const answer = scheme.write(id, request.payload, arg(request, 3), request.caller);
  if (answer === LATER) return LATER;
  return typeof answer === 'number' ? number(answer) : { kind: 'object', range: answer };
};

const call: Handler = (scheme, id, request) => {
  if (!scheme.call) return fail(Errno.EOPNOTSUPP);
  const metadata = [arg(request, 3), arg(request, 4), arg(request, 5)];
  return callAnswer(scheme.call(id, request.payload, metadata, request.caller));
};

const callAnswer = (answer: number | CallAnswer | Later): Answer | Later => {
  if (answer === LATER) return LATER;
  return typeof answer === 'number' ? number(answer) : bytes(answer.bytes, answer.result);
};

const getdents: Handler = (scheme, id, request) => {
  if (!scheme.getdents) return fail(Errno.ENOTDIR);
  const packed = encodeDirents(scheme.getdents(id, arg(request, 4)), arg(request, 2), arg(request, 5));
  return packed ? bytes(packed) : fail(Errno.EINVAL);
};

const fstat: Handler = (scheme, id, { caller }) =>
  scheme.fstat ? bytes(Stat.encode(scheme.fstat(id, caller)), 0) : fail(Errno.EOPNOTSUPP);

const futimens: Handler = (scheme, id, { payload }) => {
  const { futimens: set } = scheme;
  if (!set) return fail(Errno.EBADF);
  if (payload.length < 2 * TimeSpec.sizeBytes) return fail(Errno.EINVAL);
  set.call(scheme, id, TimeSpec.decode(payload), TimeSpec.decode(payload, TimeSpec.sizeBytes));
  return DONE;
};

/** Standard file system calls: arg1 and arg2 are args[4] and args[5]. */
const stdFsHandlers: Readonly<Record<number, Handler>> = {
  [StdFsCall.FCHMOD]: (scheme, id, r) =>
    did(scheme.fchmod && (() => scheme.fchmod?.(id, arg(r, 4), r.caller)), Errno.EOPNOTSUPP),
  [StdFsCall.FCHOWN]: (scheme, id, r) =>
    did(scheme.fchown && (() => scheme.fchown?.(id, arg(r, 4), arg(r, 5), r.caller)), Errno.EOPNOTSUPP),
  [StdFsCall.GETDENTS]: getdents,
  [StdFsCall.FSTAT]: fstat,
  [StdFsCall.FSTATVFS]: (scheme, id) =>
    scheme.fstatvfs ? bytes(StatVfs.encode(scheme.fstatvfs(id)), 0) : fail(Errno.EOPNOTSUPP),
  [StdFsCall.FSYNC]: (scheme, id) => (scheme.fsync?.(id), DONE),
  [StdFsCall.FTRUNCATE]: (scheme, id, r) =>
    did(scheme.ftruncate && (() => scheme.ftruncate?.(id, arg(r, 4))), Errno.EBADF),
  [StdFsCall.FUTIMENS]: futimens,
};

const stdFsCall: Handler = (scheme, id, request) => {
  const handler = stdFsHandlers[arg(request, 3) & 0xff];
  return handler ? handler(scheme, id, request) : fail(Errno.EOPNOTSUPP);
};

const text = ({ payload }: Request): string => decodeUtf8(payload);

const handlers: Readonly<Record<number, Handler>> = {
  [SchemeOp.OPENAT]: (scheme, id, r) =>
    opened(scheme.openat?.(id, text(r), arg(r, 3) >>> 0, r.caller), Errno.EOPNOTSUPP),
  [SchemeOp.DUP]: (scheme, id, r) => opened(scheme.dup?.(id, r.payload, r.caller), Errno.EOPNOTSUPP),
  [SchemeOp.UNLINKAT]: (scheme, id, r) =>
    did(scheme.unlinkat && (() => scheme.unlinkat?.(id, text(r), arg(r, 3), r.caller)), Errno.ENOENT),
  [SchemeOp.READ]: read,
  [SchemeOp.WRITE]: write,
  [SchemeOp.FSIZE]: (scheme, id) => number(scheme.fsize ? scheme.fsize(id) : fail(Errno.ESPIPE)),
  [SchemeOp.FCNTL]: (scheme, id, r) => number(scheme.fcntl?.(id, arg(r, 1), arg(r, 2)) ?? 0),
  [SchemeOp.FEVENT]: (scheme, id, r) => number(scheme.fevent?.(id, arg(r, 1)) ?? 0),
  [SchemeOp.FPATH]: (scheme, id, r) =>
    scheme.fpath ? bytes(encodeUtf8(scheme.fpath(id)).subarray(0, arg(r, 2))) : fail(Errno.EOPNOTSUPP),
  [SchemeOp.FRENAME]: (scheme, id, r) =>
    did(scheme.frename && (() => scheme.frename?.(id, text(r), r.caller)), Errno.EOPNOTSUPP),
  [SchemeOp.FLINK]: (scheme, id, r) =>
    did(scheme.flink && (() => scheme.flink?.(id, text(r), r.caller)), Errno.EOPNOTSUPP),
  [SchemeOp.FSTAT]: fstat,
  [SchemeOp.FSYNC]: (scheme, id) => (scheme.fsync?.(id), DONE),
  [SchemeOp.FCHOWN]: (scheme, id, r) =>
    did(scheme.fchown && (() => scheme.fchown?.(id, arg(r, 1), arg(r, 2), r.caller)), Errno.EOPNOTSUPP),
  [SchemeOp.MMAP_PREP]: (scheme, id, r) =>
    scheme.mmapPrep
      ? { kind: 'object', range: scheme.mmapPrep(id, arg(r, 1), arg(r, 2), arg(r, 3)) }
      : fail(Errno.EOPNOTSUPP),
  [SchemeOp.MUNMAP]: (scheme, id, r) => (scheme.munmap?.(id, arg(r, 1), arg(r, 2), arg(r, 3)), DONE),
  [SchemeOp.CALL]: call,
  [SchemeOp.STD_FS_CALL]: stdFsCall,
  [SchemeOp.SENDFD]: (scheme, id, r) =>
    scheme.sendfd ? number(scheme.sendfd(id, r.sent, r.caller)) : fail(Errno.EOPNOTSUPP),
};

/** Answers one request; throws PosixError for its errno. Unknown opcodes are EOPNOTSUPP. */
export function dispatch(scheme: Scheme, request: Request): Answer | Later {
  const handler = handlers[request.sqe.opcode];
  return handler ? handler(scheme, arg(request, 0), request) : fail(Errno.EOPNOTSUPP);
}

/** Messages that nobody waits for an answer to. */
export const messages: Readonly<Record<number, (scheme: Scheme, id: number) => void>> = {
  [SchemeOp.CLOSE_MSG]: (scheme, id) => scheme.close?.(id),
  [SchemeOp.DETACH]: (scheme, id) => scheme.detach?.(id),
};
