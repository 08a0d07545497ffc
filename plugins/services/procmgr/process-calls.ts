import { Errno } from '../../../core/abi/errno.js';
import { ProcCall, ProcMeta, Signal, waitStatus } from '../../../core/abi/process-manager.js';
import { viewOf } from '../../../core/abi/wire.js';
import { PosixError } from '../runtime/posix-error.js';
import { LATER } from '../runtime/scheme/scheme.js';
import { decodeUtf8 } from '../runtime/utf8.js';
import { signal } from './signals.js';
import type { CallAnswer, Later } from '../runtime/scheme/scheme.js';
import type { KeptService } from '../../../core/abi/engine.js';
import type { Contexts } from './contexts.js';
import type { Revival } from './revival.js';
import type { Process, ProcessTable } from './process-table.js';

export interface ProcessWorld {
  readonly table: ProcessTable;
  readonly contexts: Contexts;
  readonly revival: Revival;
}

type Words = readonly number[];
type Verb = (
  world: ProcessWorld,
  self: Process,
  words: Words,
  payload: Uint8Array,
) => number | CallAnswer | Later;

const fail = (errno: number): never => {
  throw new PosixError(errno);
};
const NOHANG = 1;
const KEEP = 0xffff_ffff;
const MAX_PRIORITY = 39;

function wait(
  { table, contexts }: ProcessWorld,
  self: Process,
  match: (child: Process) => boolean,
  flags: number,
): number | CallAnswer | Later {
  const candidates = table.childrenOf(self.pid).filter(match);
  const found = table.wait(self, match, flags);
  if (!found) return (flags & NOHANG) !== 0 ? 0 : LATER;
  const gone = candidates.find(({ pid, state }) => pid === found.pid && state === 'zombie');
  if (gone) contexts.release(gone);
  const bytes = new Uint8Array(4);
  viewOf(bytes).setInt32(0, found.status, true);
  return { result: found.pid, bytes };
}

function exit({ contexts, revival }: ProcessWorld, self: Process, argument: number): Later {
  if (self.state === 'exiting' || self.state === 'zombie') return fail(Errno.EAGAIN);
  const killedBy = argument >> 8;
  if (killedBy > 64) return fail(Errno.EINVAL);
  revival.drop(self);
  self.status = argument <= 0xff ? waitStatus.exited(argument) : waitStatus.killed(killedBy);
  self.state = 'exiting';
  contexts.kill(self);
  return LATER;
}

/** All to be kept, or root, or each among the current ones. */
function setIds({ contexts }: ProcessWorld, self: Process, payload: Uint8Array): number {
  if (payload.length < 24) return fail(Errno.EINVAL);
  const view = viewOf(payload);
  const [ruid = KEEP, euid = KEEP, suid = KEEP, rgid = KEEP, egid = KEEP, sgid = KEEP] = Array.from(
    { length: 6 },
    (_, i) => view.getUint32(i * 4, true),
  );
  const root = self.uid.effective === 0;
  self.gid = changed(self.gid, [rgid, egid, sgid], root);
  self.uid = changed(self.uid, [ruid, euid, suid], root);
  contexts.describe(self);
  return 0;
}

function changed(ids: Process['uid'], wanted: readonly number[], root: boolean): Process['uid'] {
  const current = [ids.real, ids.effective, ids.saved];
  if (!root && wanted.some((id) => id !== KEEP && !current.includes(id))) return fail(Errno.EPERM);
  const [real = 0, effective = 0, saved = 0] = wanted.map((id, i) => (id === KEEP ? (current[i] ?? 0) : id));
  return { real, effective, saved };
}

function setPriority(
  { table, contexts }: ProcessWorld,
  self: Process,
  [, pid = 0, priority = 0]: Words,
): number {
  const target = pid === 0 ? self : table.get(pid);
  if (priority < 0 || priority > MAX_PRIORITY) return fail(Errno.EINVAL);
  const mayChange = self.uid.effective === 0 || self.uid.effective === target.uid.effective;
  if (!mayChange) return fail(Errno.EPERM);
  target.priority = priority;
  contexts.describe(target);
  return 0;
}

const verbs: Readonly<Record<number, Verb>> = {
  [ProcCall.WAITPID]: (world, self, [, pid = 0, flags = 0]) =>
    pid === self.pid
      ? fail(Errno.EINVAL)
      : wait(world, self, (child) => pid === 0 || child.pid === pid, flags),
  [ProcCall.WAITPGID]: (world, self, [, pgid = 0, flags = 0]) =>
    wait(world, self, (child) => child.pgid === (pgid === 0 ? self.pgid : pgid), flags),
  [ProcCall.EXIT]: (world, self, [, argument = 0]) => exit(world, self, argument),
  [ProcCall.SET_RESUGID]: (world, self, _words, payload) => setIds(world, self, payload),
  [ProcCall.SETPGID]: ({ table }, self, [, pid = 0, pgid = 0]) => {
    if (pgid === -1) return pid === 0 ? self.pgid : table.get(pid).pgid;
    table.setGroup(self, pid, pgid);
    return 0;
  },
  [ProcCall.GETSID]: ({ table }, self, [, pid = 0]) => (pid === 0 ? self : table.get(pid)).sid,
  [ProcCall.SETSID]: ({ table }, self) => table.setSession(self),
  [ProcCall.KILL]: (world, self, [, target = 0, number = 0]) => {
    const failures = world.table.targets(self, target).map((process) => signal(world, self, process, number));
    return failures.includes(0) ? 0 : fail(failures[0] ?? Errno.ESRCH);
  },
  [ProcCall.GETPPID]: (_world, self) => self.ppid,
  [ProcCall.RENAME]: ({ contexts }, self, _words, payload) => {
    self.name = decodeUtf8(payload.subarray(0, 32));
    contexts.describe(self);
    return 0;
  },
  [ProcCall.DISABLE_SETPGID]: (_world, self) => {
    self.noSetpgid = true;
    return 0;
  },
  [ProcCall.KEEP]: ({ revival }, self, _words, payload) => {
    revival.keep(self, keptService(payload));
    return 0;
  },
  [ProcCall.SET_PROC_PRIORITY]: setPriority,
  [ProcCall.GET_PROC_PRIORITY]: ({ table }, self, [, pid = 0]) =>
    (pid === 0 ? self : table.get(pid)).priority,
};

function keptService(payload: Uint8Array): KeptService {
  try {
    const { socket, vault } = JSON.parse(decodeUtf8(payload)) as KeptService;
    if (Number.isInteger(socket) && vault.every(Number.isInteger)) return { socket, vault };
  } catch {
    // No such JSON.
  }
  return fail(Errno.EINVAL);
}

/** CALL on a process handle. Queued signals and signal pages are not built: ENOSYS. */
export function processCall(
  world: ProcessWorld,
  self: Process,
  words: Words,
  payload: Uint8Array,
): number | CallAnswer | Later {
  const verb = words[0] ?? -1;
  const known = Object.values(ProcCall).some((number) => number === verb);
  const act = verbs[verb] ?? (() => fail(known ? Errno.ENOSYS : Errno.EINVAL));
  return act(world, self, words, payload);
}

export const metaOf = ({ pid, pgid, ppid, uid, gid }: Process): Uint8Array =>
  ProcMeta.encode({
    pid,
    pgid,
    ppid,
    ruid: uid.real,
    euid: uid.effective,
    suid: uid.saved,
    rgid: gid.real,
    egid: gid.effective,
    sgid: gid.saved,
    ens: 1,
    rns: 1,
  });

export { Signal };
