import { BOOT_IMAGE_ROOT, CONSOLE_ONCE_ENV } from '../../../core/abi/engine.js';
import { Errno } from '../../../core/abi/errno.js';
import { Open } from '../../../core/abi/flags.js';
import { decodeWaitStatus } from '../../../core/abi/process-manager.js';
import { manifests } from '../manifests.js';
import { isErrno, messageOf, unlessErrno } from '../runtime/posix-error.js';
import { encodeUtf8 } from '../runtime/utf8.js';
import { parseScript } from './script.js';
import { actions } from './steps.js';
import { Supervisor } from './supervisor.js';
import type { Os } from '../runtime/os.js';
import type { InitWorld } from './steps.js';

const SCRIPT_DIRECTORIES = ['/usr/lib/init.d', '/etc/init.d'];
const IMAGE_FD = 15;
const BASE_ENV = { PATH: '/usr/bin', HOME: '/root', USER: 'root', SHELL: '/usr/bin/sh', TERM: 'xterm' };
/** Set by the machine: run this in a shell, then shut down with its status. */
const EXEC_ENV = 'EXEC_COMMAND';

/** Process 1: mounts the root file system, runs the numbered scripts, and keeps the daemons alive. */
export function main(os: Os): number {
  Object.assign(os.env, { ...BASE_ENV, ...bootEnvironment(os), ...os.env });
  const command = os.env[EXEC_ENV];
  const once = os.env[CONSOLE_ONCE_ENV] !== undefined;
  delete os.env[EXEC_ENV];
  delete os.env[CONSOLE_ONCE_ENV];
  const world = { os, supervisor: new Supervisor(os), manifests };
  mountRoot(world);
  // With a command to run, the console belongs to that command.
  const skipped: ReadonlySet<string> = new Set(command === undefined && !once ? [] : ['respawn']);
  for (const path of scripts(os)) runScript(world, path, skipped);
  if (command !== undefined) shutdown(os, execute(world, 'sh', ['sh', '-c', command]));
  if (once) shutdown(os, execute(world, 'getty', ['getty', '-1', '/scheme/debug']));
  return world.supervisor.supervise();
}

/** `KEY=value` lines that the machine's boot command put there. */
function bootEnvironment(os: Os): Record<string, string> {
  const text = unlessErrno(() => os.files.readText('/scheme/sys/env'), '', Errno.ENOENT, Errno.ENODEV);
  const pairs = text.split('\n').map((line) => /^([^=]+)=(.*)$/s.exec(line));
  return Object.fromEntries(pairs.flatMap((pair) => (pair ? [[pair[1] ?? '', pair[2] ?? '']] : [])));
}

/** Scheme `file` from the boot image, unless somebody provides it already. */
function mountRoot({ os, supervisor, manifests: known }: InitWorld): void {
  const manifest = known.get('ramfs');
  if (!manifest || provided(os, 'file')) return;
  const image = provided(os, BOOT_IMAGE_ROOT) ? os.namespace.root(BOOT_IMAGE_ROOT) : undefined;
  const argv = ['ramfs', 'file', ...(image === undefined ? [] : [String(IMAGE_FD)])];
  const fds = image === undefined ? [] : [[IMAGE_FD, os.files.duplicate(image, IMAGE_FD)] as const];
  supervisor.startDaemon({ argv, env: {}, manifest, fds });
}

function provided(os: Os, scheme: string): boolean {
  try {
    os.namespace.root(scheme);
    return true;
  } catch (error) {
    if (isErrno(error, Errno.ENODEV)) return false;
    throw error;
  }
}

/** In the order of their names; the later directory wins over the same name in the earlier one. */
function scripts(os: Os): string[] {
  const found = new Map<string, string>();
  for (const directory of SCRIPT_DIRECTORIES) {
    const entries = unlessErrno(() => os.files.readDirectory(directory), [], Errno.ENOENT, Errno.ENODEV);
    for (const { name } of entries) if (!name.includes('.')) found.set(name, `${directory}/${name}`);
  }
  return [...found.entries()].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, path]) => path);
}

/** A step that fails is said and skipped: a machine that half starts can be repaired. */
function runScript(world: InitWorld, path: string, skipped: ReadonlySet<string>): void {
  const { os } = world;
  const lines = unlessErrno(() => os.files.readText(path), '', Errno.ENOENT).split('\n');
  for (const line of lines) {
    for (const step of parseScript(line, os.env)) {
      if (skipped.has(step.verb)) continue;
      try {
        actions[step.verb](world, step);
      } catch (error) {
        os.complain(`${path}: ${line.trim()}: ${messageOf(error)}`);
      }
    }
  }
}

/** The daemons are looked after meanwhile. */
function execute({ os, supervisor }: InitWorld, program: string, argv: readonly string[]): number {
  const pid = os.spawn(os.which(program), { argv, group: 0 });
  const outcome = decodeWaitStatus(supervisor.superviseUntil(pid));
  if (outcome.kind === 'exited') return outcome.code;
  return outcome.kind === 'killed' ? 128 + outcome.signal : 0;
}

function shutdown(os: Os, status: number): void {
  os.files.with('/scheme/sys/kstop', Open.WRONLY, (fd) =>
    os.files.write(fd, encodeUtf8(`shutdown ${status}`)),
  );
}
