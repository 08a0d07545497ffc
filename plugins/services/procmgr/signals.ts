import { Errno } from '../../../core/abi/errno.js';
import { Signal, waitStatus } from '../../../core/abi/process-manager.js';
import { INIT_PID } from './process-table.js';
import type { Process } from './process-table.js';
import type { ProcessWorld } from './process-calls.js';

const HIGHEST = 64;
const IGNORED: ReadonlySet<number> = new Set([Signal.CHLD, Signal.URG, Signal.WINCH]);
const STOPPING: ReadonlySet<number> = new Set([Signal.STOP, Signal.TSTP, Signal.TTIN, Signal.TTOU]);

/** The default action of a signal: processes that catch signals are not built yet. Answers 0 or an errno. */
export function signal(world: ProcessWorld, sender: Process, target: Process, number: number): number {
  if (number < 0 || number > HIGHEST) return Errno.EINVAL;
  if (!mayKill(sender, target)) return Errno.EPERM;
  const finished = target.state === 'exiting' || target.state === 'zombie';
  // Nobody would be left to start anything again.
  const spared = target.pid === INIT_PID;
  if (number === 0 || finished || spared || IGNORED.has(number)) return 0;
  if (number === Signal.CONT) resume(world, target);
  else if (STOPPING.has(number)) stop(world, target, number);
  else kill(world, target, number);
  return 0;
}

function mayKill(sender: Process, target: Process): boolean {
  const { real, effective } = sender.uid;
  return effective === 0 || effective === target.uid.real || real === target.uid.real;
}

function kill({ contexts, revival }: ProcessWorld, target: Process, number: number): void {
  // This one asks for an end; whatever else kills is an accident.
  if (number === Signal.TERM) revival.drop(target);
  target.status = waitStatus.killed(number);
  target.state = 'exiting';
  contexts.kill(target);
}

function stop({ contexts }: ProcessWorld, target: Process, number: number): void {
  if (target.state === 'stopped') return;
  contexts.stop(target);
  target.state = 'stopped';
  target.news = waitStatus.stopped(number);
}

function resume({ contexts }: ProcessWorld, target: Process): void {
  if (target.state !== 'stopped') return;
  contexts.resume(target);
  target.state = 'running';
  target.news = waitStatus.continued;
}
