import { Errno } from '../../../../core/abi/errno.js';
import type { Context } from '../../contexts/context.js';
import { toI32 } from '../../gate/arguments.js';
import type { Handler } from '../../gate/abi.js';
import type { Identity, LinuxProcess } from '../process/process.js';
import { threadOf } from '../process/thread.js';
import { processOf, systemOf } from '../system.js';

export const getpid: Handler = (_kernel, context) => processOf(context).pid;
export const gettid: Handler = (_kernel, context) => threadOf(context).tid;
export const getppid: Handler = (_kernel, context) => processOf(context).parent?.pid ?? 0;
export const getuid: Handler = (_kernel, context) => processOf(context).identity.uid;
export const geteuid: Handler = (_kernel, context) => processOf(context).identity.euid;
export const getgid: Handler = (_kernel, context) => processOf(context).identity.gid;
export const getegid: Handler = (_kernel, context) => processOf(context).identity.egid;
export const getpgrp: Handler = (_kernel, context) => processOf(context).pgid;

export const getpgid: Handler = (_kernel, context, pid) => find(context, pid)?.pgid ?? -Errno.ESRCH;
export const getsid: Handler = (_kernel, context, pid) => find(context, pid)?.sid ?? -Errno.ESRCH;

export const setsid: Handler = (_kernel, context) => {
  const process = processOf(context);
  if (systemOf(context).table.group(process.pid).length > 0 && process.pgid === process.pid)
    return -Errno.EPERM;
  process.sid = process.pid;
  process.pgid = process.pid;
  process.controlsTerminal = false;
  return process.pid;
};

export const setpgid: Handler = (_kernel, context, pid, group) => {
  const caller = processOf(context);
  const target = find(context, pid);
  const pgid = toI32(group) === 0 ? (target?.pid ?? 0) : toI32(group);
  if (pgid < 0) return -Errno.EINVAL;
  if (!target || (target !== caller && target.parent !== caller)) return -Errno.ESRCH;
  if (target.sid !== caller.sid || target.sid === target.pid) return -Errno.EPERM;
  if (target !== caller && target.hasExecuted) return -Errno.EACCES;
  const members = systemOf(context).table.group(pgid);
  if (pgid !== target.pid && !members.some(({ sid }) => sid === caller.sid)) return -Errno.EPERM;
  target.pgid = pgid;
  return 0;
};

function find(context: Context, pid: number): LinuxProcess | undefined {
  return pid === 0 ? processOf(context) : systemOf(context).table.processes.get(toI32(pid));
}

export const getresuid: Handler = (_kernel, context, real, effective, saved) => {
  const { uid, euid, suid } = processOf(context).identity;
  return writeIds(context, [real, effective, saved], [uid, euid, suid]);
};

export const getresgid: Handler = (_kernel, context, real, effective, saved) => {
  const { gid, egid, sgid } = processOf(context).identity;
  return writeIds(context, [real, effective, saved], [gid, egid, sgid]);
};

function writeIds(context: Context, pointers: readonly number[], values: readonly number[]): number {
  for (const pointer of pointers) context.user.prepareWrite(pointer, 4);
  pointers.forEach((pointer, index) => context.user.write(pointer, u32s([values[index] ?? 0])));
  return 0;
}

export const setuid: Handler = (_kernel, context, id) => {
  const { euid } = processOf(context).identity;
  return euid === 0
    ? change(context, ['uid', 'euid', 'suid'], [id, id, id])
    : change(context, ['euid'], [id]);
};

export const setgid: Handler = (_kernel, context, id) => {
  const { euid } = processOf(context).identity;
  return euid === 0
    ? change(context, ['gid', 'egid', 'sgid'], [id, id, id])
    : change(context, ['egid'], [id]);
};

export const setreuid: Handler = (_kernel, context, uid, euid) =>
  change(context, ['uid', 'euid'], [uid, euid]);
export const setregid: Handler = (_kernel, context, gid, egid) =>
  change(context, ['gid', 'egid'], [gid, egid]);
export const setresuid: Handler = (_kernel, context, uid, euid, suid) =>
  change(context, ['uid', 'euid', 'suid'], [uid, euid, suid]);
export const setresgid: Handler = (_kernel, context, gid, egid, sgid) =>
  change(context, ['gid', 'egid', 'sgid'], [gid, egid, sgid]);

type IdName = Exclude<keyof Identity, 'groups'>;
const UID_NAMES: readonly IdName[] = ['uid', 'euid', 'suid'];
const GID_NAMES: readonly IdName[] = ['gid', 'egid', 'sgid'];

/** -1 keeps an id. Without privilege only ids the process already has are allowed. */
function change(context: Context, names: readonly IdName[], values: readonly number[]): number {
  const { identity } = processOf(context);
  const family = UID_NAMES.includes(names[0] ?? 'uid') ? UID_NAMES : GID_NAMES;
  const own = family.map((name) => identity[name]);
  const wanted = values.map(toI32);
  const allowed = wanted.every((value) => value === -1 || identity.euid === 0 || own.includes(value));
  if (!allowed) return -Errno.EPERM;
  names.forEach((name, index) => {
    const value = wanted[index] ?? -1;
    if (value !== -1) identity[name] = value >>> 0;
  });
  return 0;
}

// The identity for files is the effective one: the call only tells which it was.
export const setfsuid: Handler = (_kernel, context) => processOf(context).identity.euid;
export const setfsgid: Handler = (_kernel, context) => processOf(context).identity.egid;

export const getgroups: Handler = (_kernel, context, size, pointer) => {
  const { groups } = processOf(context).identity;
  if (size === 0) return groups.length;
  if (size < groups.length) return -Errno.EINVAL;
  context.user.write(pointer, u32s(groups));
  return groups.length;
};

export const setgroups: Handler = (_kernel, context, size, pointer) => {
  const { identity } = processOf(context);
  if (identity.euid !== 0) return -Errno.EPERM;
  if (!(size >= 0 && size <= 65536)) return -Errno.EINVAL;
  const bytes = context.user.read(pointer, size * 4);
  const view = new DataView(bytes.buffer, bytes.byteOffset);
  identity.groups = Array.from({ length: size }, (_, index) => view.getUint32(index * 4, true));
  return 0;
};

export const set_tid_address: Handler = (_kernel, context, pointer) => {
  const thread = threadOf(context);
  thread.clearChildTid = pointer;
  return thread.tid;
};

function u32s(values: readonly number[]): Uint8Array {
  const bytes = new Uint8Array(values.length * 4);
  const view = new DataView(bytes.buffer);
  values.forEach((value, index) => view.setUint32(index * 4, value, true));
  return bytes;
}
