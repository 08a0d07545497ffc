import { HostError } from '../../core/errors/host-error.js';
import type { BootOptions } from '../cli/options.js';
import type { MachineEnd } from '../cli/launched.js';
import { attend } from '../repl/index.js';
import { BootedMachine } from './booted-machine.js';

/** Starts the machine, serves its user until it is off, and answers how it ended. */
export async function bootMachine(options: BootOptions): Promise<MachineEnd> {
  if (options.mounts.length > 0) {
    throw new HostError(
      'CONFIG',
      'halfcell boot cannot show host folders yet',
      'leave --mount out, or use halfcell run',
    );
  }
  const booted = new BootedMachine(options);
  let status = 1;
  try {
    const session = await booted.start();
    status = await attend(session, {
      repl: options.repl,
      console: options.console,
      ...(options.script ? { script: options.script } : {}),
      input: process.stdin,
      output: process.stdout,
      errors: process.stderr,
    });
  } finally {
    await booted.close();
  }
  return { status, lostIsolates: booted.lostIsolates };
}
