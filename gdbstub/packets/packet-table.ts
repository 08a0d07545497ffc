import { attached } from './attached.js';
import { catchSyscalls } from './catch-syscalls.js';
import { currentThread } from './current-thread.js';
import { detach } from './detach.js';
import { hostFile } from './host-file.js';
import { insertBreakpoint } from './insert-breakpoint.js';
import { kill } from './kill.js';
import { listThreads } from './list-threads.js';
import { monitorCommand } from './monitor-command.js';
import { noAckMode } from './no-ack-mode.js';
import type { Packet } from './packet.js';
import { readAllRegisters } from './read-all-registers.js';
import { readMemoryBinary } from './read-memory-binary.js';
import { readMemory } from './read-memory.js';
import { readRegister } from './read-register.js';
import { removeBreakpoint } from './remove-breakpoint.js';
import { resumeOne } from './resume-one.js';
import { resumeThreads } from './resume-threads.js';
import { searchMemory } from './search-memory.js';
import { selectThread } from './select-thread.js';
import { stopReason } from './stop-reason.js';
import { supported } from './supported.js';
import { threadAlive } from './thread-alive.js';
import { threadExtraInfo } from './thread-extra-info.js';
import { transfer } from './transfer.js';
import { writeAllRegisters } from './write-all-registers.js';
import { writeMemoryBinary } from './write-memory-binary.js';
import { writeMemory } from './write-memory.js';
import { writeRegister } from './write-register.js';

/** Every packet there is. One that is not here is answered with nothing, which gdb takes for "unknown". */
export const packets: readonly Packet[] = [
  ...[supported, noAckMode, stopReason, attached, detach, ...kill],
  ...[readAllRegisters, writeAllRegisters, readRegister, writeRegister],
  ...[readMemory, readMemoryBinary, writeMemory, writeMemoryBinary, searchMemory],
  ...[insertBreakpoint, removeBreakpoint, catchSyscalls],
  ...[resumeThreads, ...resumeOne],
  ...[selectThread, threadAlive, currentThread, ...listThreads, threadExtraInfo],
  ...[transfer, hostFile, monitorCommand],
];

const byName = new Map(packets.map((packet) => [packet.name, packet]));

/** Splits a body into the packet that it is, if it is known, and what follows its name. */
export function findPacket(body: string): { packet: Packet | undefined; rest: string } {
  const name = /^[qQv][A-Za-z]*/.exec(body)?.[0] ?? body.charAt(0);
  return { packet: byName.get(name), rest: body.slice(name.length) };
}
