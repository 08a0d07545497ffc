import { SIG_IGN } from '../signals/signal-action.js';
import { Sig, signalBit } from '../signals/signal-numbers.js';
import type { LinuxSystem } from '../system.js';
import type { LinuxProcess } from './process.js';
import type { ProcessTable } from './process-table.js';
import { threadOf } from './thread.js';

const SI_KERNEL = 128;

/** No member has a parent in another group of the same session: nobody could continue it after a stop. */
export function isOrphanedGroup(table: ProcessTable, pgid: number): boolean {
  return !table.group(pgid).some((member) => {
    const { parent } = member;
    if (!parent && table.onFirstStopped) return true;
    return !member.dead && parent !== undefined && couldContinue(parent, member);
  });
}

/**
 * Stopped groups that an exit has orphaned are hung up on and continued (POSIX, _exit): those of the process and of its children where a
 * parent in another group of the session is lost.
 */
export function wakeOrphanedGroups(
  table: ProcessTable,
  process: LinuxProcess,
  children: readonly LinuxProcess[],
): void {
  const lost = children.filter((child) => couldContinue(process, child));
  if (process.parent && couldContinue(process.parent, process)) lost.push(process);
  for (const pgid of new Set(lost.map((member) => member.pgid))) {
    const members = table.group(pgid).filter((member) => !member.dead);
    if (!members.some(({ stopped }) => stopped) || !isOrphanedGroup(table, pgid)) continue;
    for (const member of members) {
      for (const signal of [Sig.HUP, Sig.CONT]) table.sendToProcess(member, { signal, code: SI_KERNEL });
    }
  }
}

const couldContinue = (parent: LinuxProcess, { pgid, sid }: LinuxProcess): boolean =>
  parent.pgid !== pgid && parent.sid === sid;

/** With the session's leader the terminal goes; its foreground group is told. */
export function leaveSession({ terminal, table }: LinuxSystem, process: LinuxProcess): void {
  if (process.pid !== process.sid || terminal?.session !== process.sid) return;
  const { foreground } = terminal;
  terminal.session = undefined;
  terminal.foreground = undefined;
  for (const member of foreground === undefined ? [] : table.group(foreground)) {
    if (member === process) continue;
    for (const signal of [Sig.HUP, Sig.CONT]) table.sendToProcess(member, { signal, code: SI_KERNEL });
  }
}

/** What a process of a background group may do with its terminal. */
export type BackgroundAccess = 'allowed' | 'refused' | 'signalled';

/** Sends SIGTTIN or SIGTTOU to the caller's group where it is not in the foreground of its terminal. */
export function backgroundAccess(
  system: LinuxSystem,
  process: LinuxProcess,
  signal: number,
): BackgroundAccess {
  const { terminal, table } = system;
  if (!terminal || terminal.session !== process.sid) return 'allowed';
  if (terminal.foreground === undefined || terminal.foreground === process.pgid) return 'allowed';
  if (ignoresOrBlocks(process, signal)) return signal === Sig.TTIN ? 'refused' : 'allowed';
  if (isOrphanedGroup(table, process.pgid)) return 'refused';
  for (const member of table.group(process.pgid)) table.sendToProcess(member, { signal, code: SI_KERNEL });
  return 'signalled';
}

function ignoresOrBlocks(process: LinuxProcess, signal: number): boolean {
  const { blocked } = threadOf(process.system.kernel.current);
  return (blocked & signalBit(signal)) !== 0n || process.actions[signal]?.handler === SIG_IGN;
}
