import { decodeWaitStatus, Signal } from '../../../core/abi/process-manager.js';
import { signalName } from '../coreutils/signals.js';
import { put } from './io.js';
import { statusOf } from './jobs.js';
import { ShellError } from './state.js';
import type { Builtin, BuiltinCall } from './builtins.js';
import type { Job } from './jobs.js';

const STATES = { running: 'Running', stopped: 'Stopped', done: 'Done' } as const;

export const jobLine = (job: Job): string => `[${job.number}] ${stateText(job).padEnd(10)} ${job.source}\n`;

/** `Done`, `Exit 3`, `Killed by TERM`. */
function stateText({ state, status }: Job): string {
  const outcome = decodeWaitStatus(status);
  if (state !== 'done' || outcome.kind === 'continued') return STATES[state];
  if (outcome.kind !== 'exited') return `Killed by ${signalName(outcome.signal)}`;
  return outcome.code === 0 ? STATES.done : `Exit ${outcome.code}`;
}

const jobs: Builtin = ({ shell, io }) => {
  const ended = shell.jobs.collect();
  for (const job of [...ended, ...shell.jobs.all].sort((a, b) => a.number - b.number))
    put(shell.os.files, io, 1, jobLine(job));
  return 0;
};

const wait: Builtin = ({ shell, argv: [, ...names] }) => {
  const chosen = names.length > 0 ? names.map((name) => shell.jobs.find(name)) : shell.jobs.all;
  let status = 0;
  for (const job of chosen) status = job ? statusOf(decodeWaitStatus(shell.jobs.finish(job))) : 127;
  return names.length > 0 ? status : 0;
};

function jobOf({ shell, argv: [name, which] }: BuiltinCall): Job {
  const job = shell.jobs.find(which);
  if (!job) throw new ShellError(`${name}: no such job`);
  return job;
}

const fg: Builtin = (call) => {
  const { shell, io } = call;
  const job = jobOf(call);
  put(shell.os.files, io, 1, `${job.source}\n`);
  shell.jobs.forget(job);
  if (job.state === 'stopped') shell.os.processes.kill(-job.group, Signal.CONT);
  return shell.foreground({ pids: job.pids, drain: () => {} }, job.source);
};

const bg: Builtin = (call) => {
  const job = jobOf(call);
  if (job.state === 'stopped') call.shell.os.processes.kill(-job.group, Signal.CONT);
  job.state = 'running';
  put(call.shell.os.files, call.io, 1, `[${job.number}] ${job.source} &\n`);
  return 0;
};

export const jobBuiltins: Readonly<Record<string, Builtin>> = { jobs, wait, fg, bg };
