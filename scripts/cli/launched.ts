import { report } from './failure.js';

/** How a machine ended, as the launcher is told. */
export interface MachineEnd {
  /** For the shell that started us. */
  readonly status: number;
  /** Isolates that V8 lost: each left a thread that nothing ends, so this process can only kill itself. */
  readonly lostIsolates: number;
}

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
  await send(end);
  process.kill(process.pid, 'SIGKILL');
  return end.status;
}

/** Coverage and profiles are written at an orderly exit. */
const isMeasured = () =>
  process.env['NODE_V8_COVERAGE'] !== undefined ||
  process.execArgv.some((flag) => /^--(cpu-)?prof/.test(flag));

function endWithLauncher(): void {
  process.channel?.unref();
  process.once('disconnect', () => process.kill(process.pid, 'SIGTERM'));
}

function send(end: MachineEnd): Promise<void> {
  return new Promise((resolve) => process.send?.(end, undefined, {}, () => resolve()));
}
