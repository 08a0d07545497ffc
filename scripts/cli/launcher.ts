import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { constants } from 'node:os';
import { isatty } from 'node:tty';
import { isLaunched, reportEnd } from './launched.js';
import type { MachineEnd } from './launched.js';
import { rememberTerminal } from './terminal.js';

/** Isolates need it, and the user shall not have to know. */
const ENGINE_FLAG = '--no-node-snapshot';
const SIGNAL_STATUS = 128;

/**
 * Runs `work` in a child of this process and answers the exit status: an isolate can bring its whole process down, and
 * then somebody must still restore the terminal and tell the truth. In the child itself it just runs `work`.
 */
export async function inChildProcess(work: () => Promise<MachineEnd>): Promise<number> {
  return isLaunched() ? reportEnd(work) : launch();
}

async function launch(): Promise<number> {
  const terminal = rememberTerminal();
  const flags = process.execArgv.includes(ENGINE_FLAG)
    ? process.execArgv
    : [...process.execArgv, ENGINE_FLAG];
  const child = spawn(process.execPath, [...flags, ...process.argv.slice(1)], {
    stdio: ['inherit', 'inherit', 'inherit', 'ipc'],
    env: { ...process.env, HALFCELL_LAUNCHED: '1' },
  });
  const stopForwarding = forwardSignals(child);
  const { status, signal, end } = await endOf(child);
  stopForwarding();
  if (signal) terminal.restore();
  if (end) return truth(end);
  return signal ? diedBy(signal) : (status ?? 1);
}

interface ChildEnd {
  readonly status: number | null;
  readonly signal: NodeJS.Signals | null;
  /** What the child said before it ended. */
  readonly end: MachineEnd | undefined;
}

async function endOf(child: ChildProcess): Promise<ChildEnd> {
  let end: MachineEnd | undefined;
  child.on('message', (message) => (end = message as MachineEnd));
  const disconnected = once(child, 'disconnect');
  const [status, signal] = (await once(child, 'exit')) as [number | null, NodeJS.Signals | null];
  await disconnected;
  return { status, signal, end };
}

function truth({ status, lostIsolates }: MachineEnd): number {
  if (lostIsolates > 0) {
    process.stderr.write(
      `halfcell: ${lostIsolates} program${lostIsolates > 1 ? 's' : ''} overran V8's memory and could not be contained; ` +
        'the machine was brought to an end in good order\n',
    );
  }
  return status;
}

function diedBy(signal: NodeJS.Signals): number {
  // The guest may have left the cursor behind a prompt.
  const lineStart = isatty(2) ? '\n' : '';
  process.stderr.write(
    `${lineStart}halfcell: the process with the machine died by ${signal}; what was not saved is lost\n`,
  );
  return SIGNAL_STATUS + constants.signals[signal];
}

/** A terminal sends these to the child by itself; once more would be twice. */
const FROM_TERMINAL = new Set<NodeJS.Signals>(['SIGINT', 'SIGQUIT', 'SIGWINCH']);
const FORWARDED: readonly NodeJS.Signals[] = ['SIGINT', 'SIGQUIT', 'SIGWINCH', 'SIGTERM', 'SIGHUP'];

function forwardSignals(child: ChildProcess): () => void {
  const onTerminal = [0, 1, 2].some((descriptor) => isatty(descriptor));
  const forward = (signal: NodeJS.Signals) => {
    if (!onTerminal || !FROM_TERMINAL.has(signal)) child.kill(signal);
  };
  for (const signal of FORWARDED) process.on(signal, forward);
  return () => {
    for (const signal of FORWARDED) process.off(signal, forward);
  };
}
