import { BOOT_IMAGE_ROOT } from '../../../../core/abi/engine.js';
import { Open } from '../../../../core/abi/flags.js';
import { decodeWaitStatus } from '../../../../core/abi/process-manager.js';
import { main as coreutils } from '../../coreutils/main.js';
import { main as init } from '../../init/main.js';
import { main as logd } from '../../logd/main.js';
import { main as nulld } from '../../nulld/main.js';
import { Bootstrap } from '../../procmgr/bootstrap.js';
import { main as ramfs } from '../../ramfs/main.js';
import { main as randd } from '../../randd/main.js';
import { main as zerod } from '../../zerod/main.js';
import { rootTree } from '../../root-tree.js';
import { main as sh } from '../../sh/main.js';
import { buildBootImage } from '../boot-image.js';
import { MockMachine } from './mock-machine.js';
import type { ImageFile } from '../boot-image.js';
import type { Os } from '../os.js';
import type { Main } from '../program.js';

export interface MockSystem {
  readonly machine: MockMachine;
  readonly bootstrap: Bootstrap;
  /** What the console has shown since the last call. */
  shown(): string;
}

const PROGRAMS: Readonly<Record<string, Main>> = { logd, nulld, zerod, randd, ramfs, init, sh, coreutils };
export interface BootOptions {
  readonly tree?: Readonly<Record<string, ImageFile | string>>;
  readonly programs?: Readonly<Record<string, Main>>;
  readonly env?: Readonly<Record<string, string>>;
}

/** Boots the real services over the mock kernel: process manager, init, ramfs and the small daemons. */
export function bootMock({ tree = {}, programs = {}, env = {} }: BootOptions = {}): MockSystem {
  const machine = new MockMachine();
  for (const [name, main] of Object.entries({ ...PROGRAMS, ...programs })) machine.programs.set(name, main);
  const commands = Object.keys(programs).map((name) => [
    `usr/bin/${name}`,
    { content: `#!isolate ${name}\n`, mode: 0o755 },
  ]);
  const quiet = { 'usr/lib/init.d/90_console': '' };
  const own = Object.fromEntries(commands) as Readonly<Record<string, ImageFile>>;
  const image = buildBootImage(rootTree({ ...quiet, ...own, ...tree }));
  const bootstrap = new Bootstrap(machine.bootstrap(['procmgr'], { [BOOT_IMAGE_ROOT]: image }));
  machine.services.push(bootstrap);
  bootstrap.startInit(undefined, env);
  let seen = 0;
  const shown = () => {
    const text = machine.console.printed.slice(seen);
    seen = machine.console.printed.length;
    return text;
  };
  return { machine, bootstrap, shown };
}

/** Runs `act` as process 1 of a machine whose services are up, and answers what it answers. */
export function withSystem<T>(act: (os: Os, system: MockSystem) => T, options: BootOptions = {}): T {
  let outcome: { value: T } | { error: unknown } | undefined;
  const hook: Main = (os) => {
    try {
      outcome = { value: act(os, system) };
    } catch (error) {
      outcome = { error };
    }
    return 0;
  };
  const system = bootMock({ ...options, programs: { ...options.programs, hook } });
  system.shown();
  runHook(system);
  if (!outcome) throw new Error(`the program under test did not run: ${system.shown()}`);
  if ('error' in outcome) throw outcome.error;
  return outcome.value;
}

/** A second process of the system, started by the process manager itself. */
function runHook({ bootstrap }: MockSystem): void {
  bootstrap.startProcess('hook', ['hook'], { PATH: '/usr/bin', HOME: '/root', USER: 'root' });
}

export interface ShellResult {
  readonly status: number;
  readonly output: string;
}

const OUTPUT = '/tmp/.output';

/** Runs a command line in the guest's shell; both outputs go to one file, so that no terminal is seen. */
export function shell(os: Os, command: string): ShellResult {
  const fd = os.files.open(OUTPUT, Open.WRONLY + Open.CREAT + Open.TRUNC + Open.APPEND);
  const fds = [[0, 0] as const, [1, fd] as const, [2, fd] as const];
  const pid = os.spawn('/usr/bin/sh', { argv: ['sh', '-c', command], fds });
  const outcome = decodeWaitStatus(os.processes.wait(pid)?.status ?? 0);
  os.files.close(fd);
  const output = os.files.readText(OUTPUT);
  if (outcome.kind === 'exited') return { status: outcome.code, output };
  return { status: outcome.kind === 'killed' ? 128 + outcome.signal : -1, output };
}
