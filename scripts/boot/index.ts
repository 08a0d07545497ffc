import { HostError } from '../../core/errors/host-error.js';
import type { Prebuilt } from '../assets/prebuilt.js';
import type { BootOptions } from '../cli/options.js';
import type { MachineEnd } from '../cli/launched.js';
import { attend } from '../repl/index.js';
import { BootedMachine } from './booted-machine.js';

/** Starts the machine, serves its user until it is off, and answers how it ended. */
export async function bootMachine(options: BootOptions, prebuilt?: Prebuilt): Promise<MachineEnd> {
  if (options.machine.kernelFile !== undefined) return bootBare(options, prebuilt);
  refuseWhatIsNotBuilt(options);
  const booted = new BootedMachine(options, prebuilt);
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

async function bootBare(options: BootOptions, prebuilt?: Prebuilt): Promise<MachineEnd> {
  const { bootBareMachine } = await import('./bare-machine.js');
  return { status: await bootBareMachine(options, prebuilt), lostIsolates: 0 };
}

/** What the command line promises for later: a clear word instead of a machine that ignores it. */
function refuseWhatIsNotBuilt({ user, deterministic }: BootOptions): void {
  const wanted: [boolean, string, string][] = [
    [user !== 'root', `--user ${user} is not built yet`, 'leave it out: commands run as root'],
    [
      deterministic,
      '--deterministic needs a machine without isolates',
      'leave it out: this machine has them',
    ],
  ];
  for (const [asked, what, remedy] of wanted) if (asked) throw new HostError('CONFIG', what, remedy);
}
