import { errnoMessage } from '../../core/abi/errno-message.js';
import { Errno } from '../../core/abi/errno.js';
import { HostError } from '../../core/errors/host-error.js';
import type { KernelService } from '../../plugins/kernel/index.js';
import { OutOfFrames } from '../../plugins/kernel/memory/frames.js';
import { startFirstProcess } from '../../plugins/kernel/linux-abi/process/first-process.js';
import type { LinuxSystem } from '../../plugins/kernel/linux-abi/system.js';
import { SysFailure } from '../../plugins/kernel/linux-abi/vfs/failure.js';
import type { GuestTree } from '../../plugins/kernel/linux-abi/vfs/guest-tree.js';
import { asDirectory } from '../../plugins/kernel/linux-abi/vfs/location.js';
import { nameOfText } from '../../plugins/kernel/linux-abi/vfs/names.js';
import type { RunOptions } from '../cli/options.js';
import type { StandardFiles } from './standard-files.js';

export interface ProgramStart {
  readonly options: RunOptions;
  readonly service: KernelService;
  readonly system: LinuxSystem;
  readonly tree: GuestTree;
  readonly standard: StandardFiles;
}

const SUPERUSER = { uid: 0, gid: 0, groups: [], umask: 0 };

/** Loads the program as process 1. @throws HostError CONFIG, in words, for what chdir or execve would refuse */
export function startProgram(start: ProgramStart): void {
  const { options, service, system, tree, standard } = start;
  inWords(options.cwd ?? '/', cwdProblems, () => findFolder(system, options.cwd ?? '/'));
  inWords(options.program, programProblems, () =>
    startFirstProcess(system, {
      abi: service.abis.get('linux') ?? service.kernel.idle.abi,
      program: tree.program,
      argv: [options.program, ...options.args].map(nameOfText),
      environment: environmentOf(options).map(nameOfText),
      cwd: nameOfText(options.cwd ?? '/'),
      files: standard.files,
      terminal: standard.terminal,
    }),
  );
}

function findFolder({ vfs }: LinuxSystem, path: string): void {
  asDirectory(vfs.find({ ...SUPERUSER, cwd: vfs.root }, { path: nameOfText(path) }));
}

type Problem = readonly [what: string, remedy: string];
type Problems = Readonly<Record<number, Problem>>;

const cwdProblems: Problems = {
  [Errno.ENOENT]: [
    'is no folder of the guest, so it cannot be its --cwd',
    'mount one there: --mount HOST:GUEST',
  ],
  [Errno.ENOTDIR]: ['is no folder of the guest, so it cannot be its --cwd', 'name a folder'],
};

const programProblems: Problems = {
  [Errno.EACCES]: ['is not executable', 'allow it: chmod +x'],
  [Errno.ENOEXEC]: ['has ELF headers that no loader understands', 'name a program built for x86-64 Linux'],
  [Errno.ENOMEM]: ['does not fit into the memory of the machine', 'give it more: --memory MiB'],
  [Errno.E2BIG]: ['got more arguments and variables than fit on its stack', 'give fewer'],
  [Errno.EPERM]: ['wants to lie at an address that programs may not have', 'link it at 0x10000 or above'],
  [Errno.ENOENT]: [
    'needs a loader of shared libraries that the guest does not have',
    'link it statically, or mount the libraries: --mount /lib64:/lib64:ro --mount /usr/lib:/usr/lib:ro',
  ],
};

function inWords(path: string, problems: Problems, attempt: () => void): void {
  try {
    attempt();
  } catch (failure) {
    const errno =
      failure instanceof OutOfFrames ? Errno.ENOMEM : failure instanceof SysFailure && failure.errno;
    if (!errno) throw failure;
    const [what, remedy] = problems[errno] ?? [`cannot be used: ${errnoMessage(errno)}`, 'check it'];
    throw new HostError('CONFIG', `${path} ${what}`, remedy);
  }
}

/** A small environment; what `--env` sets comes on top. */
function environmentOf({ env }: RunOptions): string[] {
  const base = {
    PATH: '/usr/local/bin:/usr/bin:/bin',
    HOME: '/',
    TERM: process.env['TERM'] ?? 'dumb',
    ...env,
  };
  return Object.entries(base).map(([name, value]) => `${name}=${value}`);
}
