import { Errno } from '../../../../core/abi/errno.js';
import type { Context } from '../../contexts/context.js';
import { toI32, toU32 } from '../../gate/arguments.js';
import type { Handler } from '../../gate/abi.js';
import { isSignal } from '../signals/signal-numbers.js';
import { PAGE_BYTES } from '../../memory/frames.js';
import type { LinuxProcess } from '../process/process.js';
import { limitOf, RLIMIT_COUNT, Rlimit, UNLIMITED } from '../process/resource-limits.js';
import { RELEASE, VERSION } from '../process/uname.js';
import { processOf, systemOf } from '../system.js';

const NAME_BYTES = 65;
const MAX_RANDOM_BYTES = 65_536;
const GRND_ALL = 7;
const NS_PER_S = 1e9;

export const uname: Handler = (_kernel, context, pointer) => {
  const fields = ['Linux', systemOf(context).hostname, RELEASE, VERSION, 'x86_64', '(none)'];
  const bytes = new Uint8Array(NAME_BYTES * fields.length);
  fields.forEach((text, index) => bytes.set(Buffer.from(text), index * NAME_BYTES));
  context.user.write(pointer, bytes);
  return 0;
};

export const getrandom: Handler = (_kernel, context, pointer, length, flags) => {
  if (flags & ~GRND_ALL) return -Errno.EINVAL;
  if (!(length >= 0)) return -Errno.EFAULT;
  const count = Math.min(length, MAX_RANDOM_BYTES);
  context.user.write(pointer, systemOf(context).randomBytes(count));
  return count;
};

export const sysinfo: Handler = (kernel, context, pointer) => {
  const { freeFrames, totalFrames } = kernel.frames;
  const bytes = new Uint8Array(112);
  const view = new DataView(bytes.buffer);
  view.setBigInt64(0, BigInt(Math.floor(kernel.nowNs() / NS_PER_S)), true);
  view.setBigUint64(32, BigInt(totalFrames * PAGE_BYTES), true);
  view.setBigUint64(40, BigInt(freeFrames * PAGE_BYTES), true);
  view.setUint16(80, kernel.contexts.size, true);
  view.setUint32(104, 1, true);
  context.user.write(pointer, bytes);
  return 0;
};

export const prlimit64: Handler = (_kernel, context, pid, resource, pointer, oldPointer) => {
  const process = pid === 0 ? processOf(context) : systemOf(context).table.processes.get(toI32(pid));
  if (!process) return -Errno.ESRCH;
  const { euid, uid } = processOf(context).identity;
  const stranger = process !== processOf(context) && euid !== 0 && process.identity.uid !== uid;
  if (stranger) return -Errno.EPERM;
  if (!(resource >= 0 && resource < RLIMIT_COUNT)) return -Errno.EINVAL;
  const bytes = pointer === 0 ? undefined : context.user.read(pointer, 16);
  if (oldPointer !== 0) context.user.write(oldPointer, encodeLimit(process, resource));
  return bytes ? setLimit(process, resource, bytes) : 0;
};

export const getrlimit: Handler = (kernel, context, resource, pointer) =>
  prlimit64(kernel, context, 0, resource, 0, pointer);
export const setrlimit: Handler = (kernel, context, resource, pointer) =>
  prlimit64(kernel, context, 0, resource, pointer, 0);

function encodeLimit(process: LinuxProcess, resource: number): Uint8Array {
  const { soft, hard } = limitOf(process, resource);
  const bytes = new Uint8Array(16);
  const view = new DataView(bytes.buffer);
  view.setBigInt64(0, BigInt(soft), true);
  view.setBigInt64(8, BigInt(hard), true);
  return bytes;
}

function setLimit(process: LinuxProcess, resource: number, bytes: Uint8Array): number {
  const view = new DataView(bytes.buffer, bytes.byteOffset);
  const [soft, hard] = [Number(view.getBigInt64(0, true)), Number(view.getBigInt64(8, true))];
  const above = (value: number, limit: number) =>
    limit !== UNLIMITED && (value === UNLIMITED || value > limit);
  if (above(soft, hard)) return -Errno.EINVAL;
  if (above(hard, limitOf(process, resource).hard) && process.identity.euid !== 0) return -Errno.EPERM;
  process.limits.set(resource, { soft, hard });
  return 0;
}

/** The soft limit of open files: what the lowest free descriptor must stay below. */
export const descriptorLimit = (context: Context): number => {
  const { soft } = limitOf(processOf(context), Rlimit.NOFILE);
  return soft === UNLIMITED ? 65_536 : soft;
};

/** asm/prctl.h. */
const Arch = { SET_GS: 0x1001, SET_FS: 0x1002, GET_FS: 0x1003, GET_GS: 0x1004 } as const;

export const arch_prctl: Handler = (kernel, context, code, address) => {
  const guest = kernel.guest(context);
  const { registers } = kernel.cpu;
  const sets = code === Arch.SET_FS || code === Arch.SET_GS;
  if (sets && !(address >= 0 && address < 2 ** 47)) return -Errno.EPERM;
  if (code === Arch.SET_FS) registers.fsBase = guest.fsBase = BigInt(address);
  else if (code === Arch.SET_GS) registers.kernelGsBase = guest.gsBase = BigInt(address);
  else if (code === Arch.GET_FS) context.user.write(address, u64(guest.fsBase));
  else if (code === Arch.GET_GS) context.user.write(address, u64(guest.gsBase));
  else return -Errno.EINVAL;
  return 0;
};

function u64(value: bigint): Uint8Array {
  const bytes = new Uint8Array(8);
  new DataView(bytes.buffer).setBigUint64(0, value, true);
  return bytes;
}

/** linux/prctl.h. */
const Pr = {
  SET_PDEATHSIG: 1,
  GET_DUMPABLE: 3,
  SET_DUMPABLE: 4,
  SET_NAME: 15,
  GET_NAME: 16,
  SET_NO_NEW_PRIVS: 38,
  GET_NO_NEW_PRIVS: 39,
} as const;
const COMM_BYTES = 16;

type Prctl = (context: Context, argument: number) => number;
const prctls: Readonly<Record<number, Prctl>> = {
  [Pr.GET_DUMPABLE]: (context) => (processOf(context).dumpable ? 1 : 0),
  [Pr.SET_DUMPABLE]: (context, argument) => {
    processOf(context).dumpable = argument !== 0;
    return 0;
  },
  [Pr.SET_NAME]: (context, argument) => {
    const bytes = context.user.read(argument, COMM_BYTES);
    const end = bytes.indexOf(0);
    const name = Buffer.from(bytes.subarray(0, end < 0 ? COMM_BYTES - 1 : end)).toString('latin1');
    processOf(context).name = name;
    systemOf(context).kernel.rename(context, name);
    return 0;
  },
  [Pr.GET_NAME]: (context, argument) => {
    const bytes = new Uint8Array(COMM_BYTES);
    bytes.set(Buffer.from(context.name, 'latin1').subarray(0, COMM_BYTES - 1));
    context.user.write(argument, bytes);
    return 0;
  },
  [Pr.SET_PDEATHSIG]: (context, argument) => {
    if (argument !== 0 && !isSignal(argument)) return -Errno.EINVAL;
    processOf(context).parentDeathSignal = argument;
    return 0;
  },
  [Pr.SET_NO_NEW_PRIVS]: (context) => {
    processOf(context).noNewPrivileges = true;
    return 0;
  },
  [Pr.GET_NO_NEW_PRIVS]: (context) => (processOf(context).noNewPrivileges ? 1 : 0),
};

export const prctl: Handler = (_kernel, context, option, argument) =>
  prctls[option]?.(context, argument) ?? -Errno.EINVAL;

export const umask: Handler = (_kernel, context, mask) => {
  const process = processOf(context);
  const before = process.umask;
  process.umask = mask & 0o777;
  return before;
};

/** uapi/linux/personality.h: the query changes nothing; only PER_LINUX and its flags exist. */
const PERSONALITY_QUERY = 0xffff_ffff;
const PERSONALITY_MASK = 0xff;

export const personality: Handler = (_kernel, context, wanted) => {
  const process = processOf(context);
  const before = process.personality;
  if (toU32(wanted) === PERSONALITY_QUERY) return before;
  if (wanted & PERSONALITY_MASK) return -Errno.EINVAL;
  process.personality = toU32(wanted);
  return before;
};

/** linux/capability.h: version 3 has two words of each set. */
const CAPABILITY_VERSION = 0x2008_0522;
const ALL_CAPABILITIES = [0xffff_ffff, 0x1ff] as const;

export const capget: Handler = (_kernel, context, header, pointer) => {
  context.user.prepareWrite(header, 8);
  const bytes = context.user.read(header, 8);
  const view = new DataView(bytes.buffer, bytes.byteOffset);
  if (view.getUint32(0, true) !== CAPABILITY_VERSION) {
    view.setUint32(0, CAPABILITY_VERSION, true);
    context.user.write(header, bytes);
    return pointer === 0 ? 0 : -Errno.EINVAL;
  }
  const process = view.getInt32(4, true) === 0 ? processOf(context) : find(context, view.getInt32(4, true));
  if (!process) return -Errno.ESRCH;
  const sets = new Uint8Array(24);
  ALL_CAPABILITIES.forEach((bits, index) => {
    for (const at of [0, 4])
      new DataView(sets.buffer).setUint32(index * 12 + at, process.identity.euid === 0 ? bits : 0, true);
  });
  if (pointer !== 0) context.user.write(pointer, sets);
  return 0;
};

const find = (context: Context, pid: number) => systemOf(context).table.processes.get(pid);

/** Capabilities follow from the effective user alone: none can be given up or gained on its own. */
export const capset: Handler = () => -Errno.EPERM;

const HOST_NAME_BYTES = 64;

export const sethostname: Handler = (_kernel, context, pointer, length) => {
  if (processOf(context).identity.euid !== 0) return -Errno.EPERM;
  if (!(length >= 0 && length <= HOST_NAME_BYTES)) return -Errno.EINVAL;
  systemOf(context).hostname = Buffer.from(context.user.read(pointer, length)).toString('latin1');
  return 0;
};

export const setdomainname: Handler = () => -Errno.EPERM;

const Syslog = { CLOSE: 0, OPEN: 1, READ_ALL: 3, READ_CLEAR: 4, SIZE_UNREAD: 9, SIZE_BUFFER: 10 } as const;

/** The kernel's log has no lines for programs. */
export const syslog: Handler = (_kernel, _context, action) => {
  if (action === Syslog.SIZE_BUFFER) return PAGE_BYTES;
  const { CLOSE, OPEN, READ_ALL, READ_CLEAR, SIZE_UNREAD } = Syslog;
  return ([CLOSE, OPEN, READ_ALL, READ_CLEAR, SIZE_UNREAD] as number[]).includes(action) ? 0 : -Errno.EPERM;
};
