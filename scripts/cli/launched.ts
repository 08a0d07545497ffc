import { constants } from 'node:os';
import { report } from './failure.js';

/** How a machine ended, as the launcher is told. */
export interface MachineEnd {
  /** For the shell that started us. */
  readonly status: number;
  /** Isolates that V8 lost: each left a thread that nothing ends, so this process can only kill itself. */
  readonly lostIsolates: number;
}

const SIGPIPE_STATUS = 128 + constants.signals.SIGPIPE;

/** Whether this process is the launcher's child. */
export const isLaunched = () => process.env['HALFCELL_LAUNCHED'] === '1' && process.send !== undefined;

/**
 * Runs `work` in the launcher's child and answers the exit status. Exiting under the threads of isolates can crash or hang, so
 * the launcher is told the status and this process kills itself; only who measures it wants it to end by itself.
 */
export async function reportEnd(work: () => Promise<MachineEnd>): Promise<number> {
  endWithLauncher();
  const end = await work().catch((error: unknown) => ({ status: report(error), lostIsolates: 0 }));
  if (end.lostIsolates === 0 && isMeasured()) return end.status;
  return endNow(end);
}

async function endNow(end: MachineEnd): Promise<number> {
  await send(end);
  process.kill(process.pid, 'SIGKILL');
  return end.status;
}

/** What nobody catches would end in an exit under the threads of isolates. Nobody reads our output any more: a quiet end. */
function endByItself(error: unknown): void {
  const unread = (error as { code?: string }).code === 'EPIPE';
  const status = unread ? SIGPIPE_STATUS : report(error);
  void endNow({ status, lostIsolates: 0 });
}

/** Coverage and profiles are written at an orderly exit. */
const isMeasured = () =>
  process.env['NODE_V8_COVERAGE'] !== undefined ||
  process.execArgv.some((flag) => /^--(cpu-)?prof/.test(flag));

function endWithLauncher(): void {
  process.on('uncaughtException', endByItself);
  process.channel?.unref();
  process.once('disconnect', () => process.kill(process.pid, 'SIGTERM'));
}

function send(end: MachineEnd): Promise<void> {
  return new Promise((resolve) => process.send?.(end, undefined, {}, () => resolve()));
}
