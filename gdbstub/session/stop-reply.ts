import { textToHex } from '../hex.js';
import type { Stop, WatchAccess } from '../target.js';
import type { Session } from './session.js';

const SIGINT = 2;
const SIGTRAP = 5;
const EXPEDITED = ['rbp', 'rsp', 'rip', 'eflags'];
const WATCH_WORD: Record<WatchAccess, string> = { write: 'watch', read: 'rwatch', access: 'awatch' };

const hex2 = (value: number): string => (value & 0xff).toString(16).padStart(2, '0');

function signalOf(stop: Stop): number {
  if (stop.kind === 'signal') return stop.signal;
  if (stop.kind === 'interrupt') return SIGINT;
  return stop.kind === 'pause' ? 0 : SIGTRAP;
}

function breakReason(session: Session, stop: Stop): string {
  const rip = session.target.registers.read(session.threadOf(stop), 'rip') ?? 0n;
  const word = session.breakpoints.breakAt(rip);
  return word && session.peer.has(word) ? `${word}:;` : '';
}

/** One that gdb has not set, but a script, is a stop without a reason. */
function watchReason(session: Session, access: 'read' | 'write', address: bigint): string {
  const kind = session.breakpoints.watchAt(address, access);
  return kind ? `${WATCH_WORD[kind]}:${address.toString(16)};` : '';
}

function reasonOf(session: Session, stop: Stop): string {
  switch (stop.kind) {
    case 'breakpoint':
      return breakReason(session, stop);
    case 'watchpoint':
      return watchReason(session, stop.access, stop.address);
    case 'modules':
      return 'library:1;';
    case 'exec':
      return session.peer.has('exec-events') ? `exec:${textToHex(stop.path)};` : 'library:1;';
    case 'syscall':
      return `syscall_${stop.phase}:${stop.number.toString(16)};`;
    default:
      return '';
  }
}

/** The packet that tells gdb of a stop: gdb manual, E.3 "Stop Reply Packets". */
export function stopReply(session: Session, stop: Stop): string {
  if (stop.kind === 'exited') return `W${hex2(stop.status)}`;
  if (stop.kind === 'killed') return `X${hex2(stop.signal)}`;
  const thread = session.threadOf(stop);
  const registers = session.registers.expedite(thread, EXPEDITED);
  return `T${hex2(signalOf(stop))}${registers}thread:${thread.toString(16)};${reasonOf(session, stop)}`;
}
