import { Errno } from '../../../../core/abi/errno.js';
import type { Context } from '../../contexts/context.js';
import { waitFor } from '../../contexts/outcome.js';
import type { Outcome } from '../../contexts/outcome.js';
import { FileTable } from '../../files/file-table.js';
import type { Handler } from '../../gate/abi.js';
import { FrameLayout } from '../../image/layout.js';
import type { Kernel } from '../../kernel.js';
import { USER_END } from '../../memory/address-space.js';
import { nativeEngine } from '../../schemes/proc/authority.js';
import { fpuImage } from '../process/fpu-image.js';
import type { LinuxProcess } from '../process/process.js';
import { vforkKey } from '../process/process-table.js';
import { threadOf } from '../process/thread.js';
import { Sig } from '../signals/signal-numbers.js';
import { systemOf } from '../system.js';

/** linux/sched.h. */
const Clone = {
  EXIT_SIGNAL: 0xff, VM: 0x100, FS: 0x200, FILES: 0x400, SIGHAND: 0x800, PIDFD: 0x1000, VFORK: 0x4000, PARENT: 0x8000, THREAD: 0x1_0000,
  NEWNS: 0x2_0000, SETTLS: 0x8_0000, PARENT_SETTID: 0x10_0000, CHILD_CLEARTID: 0x20_0000, CHILD_SETTID: 0x100_0000,
} as const; // prettier-ignore
/** Name spaces, which nobody may make here. */
const NAME_SPACES = Clone.NEWNS | 0x7e00_0000;
const CLONE_ARGS_BYTES = 64;

interface CloneRequest {
  readonly flags: number;
  readonly exitSignal: number;
  readonly stack: number;
  readonly parentTid: number;
  readonly childTid: number;
  readonly tls: number;
}

export const fork: Handler = (kernel, context) => start(kernel, context, { ...PLAIN, exitSignal: Sig.CHLD });

export const vfork: Handler = (kernel, context) =>
  start(kernel, context, { ...PLAIN, flags: Clone.VM | Clone.VFORK, exitSignal: Sig.CHLD });

export const clone: Handler = (kernel, context, flags, stack, parentTid, childTid, tls) =>
  start(kernel, context, { flags, exitSignal: flags & Clone.EXIT_SIGNAL, stack, parentTid, childTid, tls });

export const clone3: Handler = (kernel, context, pointer, size) => {
  if (!(size >= CLONE_ARGS_BYTES)) return -Errno.EINVAL;
  const bytes = context.user.read(pointer, CLONE_ARGS_BYTES);
  const view = new DataView(bytes.buffer, bytes.byteOffset);
  const word = (index: number) => Number(view.getBigUint64(index * 8, true));
  const [flags, childTid, parentTid, exitSignal] = [word(0), word(2), word(3), word(4)];
  const stack = word(5) === 0 ? 0 : word(5) + word(6);
  if (flags > 0xffff_ffff || flags & Clone.EXIT_SIGNAL) return -Errno.EINVAL;
  return start(kernel, context, { flags, exitSignal, stack, parentTid, childTid, tls: word(7) });
};

const PLAIN: CloneRequest = { flags: 0, exitSignal: 0, stack: 0, parentTid: 0, childTid: 0, tls: 0 };

/** The first try makes the child; a vfork waits in later tries until the child lets go. */
function start(kernel: Kernel, context: Context, request: CloneRequest): Outcome {
  const made = context.call?.scratch;
  if (made) return vforkWait(context, Number(made['pid']));
  const errno = check(request);
  if (errno !== 0) return -errno;
  if (request.flags & Clone.PARENT_SETTID) context.user.prepareWrite(request.parentTid, 4);
  const child = makeChild(kernel, context, request);
  if (!child) return -Errno.EAGAIN;
  const { tid, process } = threadOf(child);
  writeTids(context, child, request, tid);
  kernel.start(child);
  if (!(request.flags & Clone.VFORK)) return tid;
  process.holdsParent = true;
  if (context.call) context.call.scratch = { pid: tid };
  return vforkWait(context, tid);
}

function check({ flags, stack, tls }: CloneRequest): number {
  if (!(stack >= 0 && stack < USER_END)) return Errno.EINVAL;
  if (flags & Clone.SETTLS && !(tls >= 0 && tls < USER_END)) return Errno.EPERM;
  const thread = (flags & Clone.THREAD) !== 0;
  if (flags & NAME_SPACES) return Errno.EPERM;
  if (flags & Clone.PIDFD) return Errno.EINVAL;
  if (thread && !(flags & Clone.SIGHAND)) return Errno.EINVAL;
  return flags & Clone.SIGHAND && !(flags & Clone.VM) ? Errno.EINVAL : 0;
}

function vforkWait(context: Context, pid: number): Outcome {
  const child = systemOf(context).table.processes.get(pid);
  if (!child?.holdsParent) return pid;
  return { ...waitFor(vforkKey(child)), onSignal: 'ignore' };
}

function makeChild(kernel: Kernel, parent: Context, request: CloneRequest): Context | undefined {
  const { space } = parent;
  if (!space) return undefined;
  // Before anything of the child exists: memory may run out here.
  const childSpace = request.flags & Clone.VM ? space.retain() : space.fork();
  const child = kernel.createContext({ engine: nativeEngine, abi: parent.abi, name: parent.name });
  if (!child) {
    childSpace.release();
    return undefined;
  }
  child.attributes = { ...parent.attributes };
  kernel.setSpace(child, childSpace);
  shareFiles(parent, child, request.flags);
  const process = request.flags & Clone.THREAD ? threadOf(parent).process : newProcess(parent, request);
  const thread = systemOf(parent).table.addThread(process, child);
  inheritThread(parent, thread, request);
  copyRegisters(kernel, parent, child, request);
  return child;
}

function shareFiles(parent: Context, child: Context, flags: number): void {
  const files = parent.files ?? new FileTable();
  child.files = flags & Clone.FILES ? files.retain() : files.copy();
}

function newProcess(parent: Context, { flags, exitSignal }: CloneRequest): LinuxProcess {
  const old = threadOf(parent).process;
  const { table } = old.system;
  const owner = flags & Clone.PARENT ? (old.parent ?? old) : old;
  const process = table.create(owner, { ...old.identity }, old.cwd);
  Object.assign(process, {
    pgid: old.pgid,
    sid: old.sid,
    umask: old.umask,
    // The break belongs to the memory: who shares it shares where it ends.
    image: flags & Clone.VM ? old.image : old.image && { ...old.image },
    name: old.name,
    controlsTerminal: false,
    exitSignal: flags & Clone.PARENT ? old.exitSignal : exitSignal,
  });
  old.actions.forEach((action, signal) => (process.actions[signal] = action));
  for (const [resource, limit] of old.limits) process.limits.set(resource, { ...limit });
  return process;
}

function inheritThread(
  parent: Context,
  thread: ReturnType<typeof threadOf>,
  { flags, childTid }: CloneRequest,
): void {
  const from = threadOf(parent);
  thread.blocked = from.blocked;
  thread.closeOnExec = flags & Clone.FILES ? from.closeOnExec : new Set(from.closeOnExec);
  if (!(flags & Clone.VM) || flags & Clone.VFORK) thread.alternateStack = from.alternateStack;
  if (flags & Clone.CHILD_CLEARTID) thread.clearChildTid = childTid;
}

function copyRegisters(
  kernel: Kernel,
  parent: Context,
  child: Context,
  { flags, stack, tls }: CloneRequest,
): void {
  const from = kernel.guest(parent);
  const to = kernel.guest(child);
  to.setFrameBytes(from.frameBytes());
  to.setFrame(FrameLayout.rax, 0n);
  to.setFrame(FrameLayout.origRax, -1n);
  if (stack !== 0) to.setFrame(FrameLayout.rsp, BigInt(stack));
  to.fpu = fpuImage(kernel, parent);
  to.gsBase = from.gsBase;
  to.fsBase = flags & Clone.SETTLS ? BigInt(tls) : from.fsBase;
}

/** The child's word is written into the child's memory, which after a fork is a copy. */
function writeTids(
  parent: Context,
  child: Context,
  { flags, parentTid, childTid }: CloneRequest,
  tid: number,
): void {
  const bytes = new Uint8Array(4);
  new DataView(bytes.buffer).setInt32(0, tid, true);
  if (flags & Clone.PARENT_SETTID) parent.user.write(parentTid, bytes);
  if (!(flags & Clone.CHILD_SETTID)) return;
  try {
    child.space?.fault(childTid, { write: true, execute: false });
    child.user.write(childTid, bytes);
  } catch {
    // A bad pointer, or no frame for its page, is the child's own affair; Linux ignores it as well.
  }
}
