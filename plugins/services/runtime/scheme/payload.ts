import { StdFsCall } from '../../../../core/abi/flags.js';
import { SchemeOp } from '../../../../core/abi/scheme-protocol.js';
import type { Sqe } from '../../../../core/abi/scheme-protocol.js';

const WITH_PAYLOAD: ReadonlySet<number> = new Set([
  SchemeOp.DUP,
  SchemeOp.WRITE,
  SchemeOp.OPENAT,
  SchemeOp.UNLINKAT,
  SchemeOp.FRENAME,
  SchemeOp.FLINK,
  SchemeOp.CALL,
]);
const STD_FS_WITH_PAYLOAD: ReadonlySet<number> = new Set([
  StdFsCall.FUTIMENS,
  StdFsCall.RELPATHAT,
  StdFsCall.LOCK,
  StdFsCall.UNLOCK,
  StdFsCall.GETLOCK,
]);

/** Does args[1..2] name bytes that came in with the request? */
export function hasPayload({ opcode, args }: Sqe): boolean {
  if (opcode === SchemeOp.STD_FS_CALL) return STD_FS_WITH_PAYLOAD.has((args[3] ?? 0) & 0xff);
  return WITH_PAYLOAD.has(opcode);
}
