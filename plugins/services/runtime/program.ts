import { BOOT_GLOBAL } from '../../../core/abi/engine.js';
import { Errno } from '../../../core/abi/errno.js';
import { Os } from './os.js';
import { isErrno, messageOf } from './posix-error.js';
import { PageTransport } from './transport.js';
import type { BootGlobal } from '../../../core/abi/engine.js';

/** A program: answers its exit status. */
export type Main = (os: Os) => number;

/** Runs `main` to its end as a process does: flushes, and turns what it throws into a message and a status. */
export function runMain(os: Os, main: Main): number {
  try {
    const status = main(os);
    os.out.flush();
    return status;
  } catch (error) {
    // What is no Error is the engine's way to end this process, not a failure of the program.
    if (!(error instanceof Error)) throw error;
    if (isErrno(error, Errno.EPIPE)) return os.processes.brokenPipe();
    os.complain(messageOf(error));
    return 1;
  }
}

/** The last line of every program's bundle: takes the boot global away, runs, and ends the process. */
export function launch(main: Main): void {
  const globals = globalThis as unknown as Record<string, BootGlobal | undefined>;
  const given = globals[BOOT_GLOBAL];
  if (!given) throw new Error('this program runs in an isolate of the machine');
  delete globals[BOOT_GLOBAL];
  const os = new Os(new PageTransport(given.page, given.bell, given.slot), given.boot);
  const status = runMain(os, main);
  if (os.processes.ownFd !== undefined) os.processes.exit(status);
  if (status !== 0) throw new Error(`${os.name} ended with status ${status}`);
}
