import { Errno } from '../../../../core/abi/errno.js';
import type { Context } from '../../contexts/context.js';
import { FileTable } from '../../files/file-table.js';
import type { Abi } from '../../gate/abi.js';
import { nativeEngine } from '../../schemes/proc/authority.js';
import type { OpenFile } from '../files/open-file.js';
import type { LinuxSystem } from '../system.js';
import type { Terminal } from '../tty/terminal.js';
import { fail } from '../vfs/failure.js';
import { Open } from '../vfs/flags.js';
import { asDirectory, pathOf } from '../vfs/location.js';
import type { Location } from '../vfs/location.js';
import { enterProgram, prepareExecution } from './execute.js';
import { openProgramAs } from './open-program.js';
import { vfsCaller } from '../system.js';

export interface FirstProgram {
  readonly abi: Abi;
  readonly program: Location;
  readonly argv: readonly string[];
  readonly environment: readonly string[];
  /** Absolute path in the guest; the root where there is no such folder. */
  readonly cwd: string;
  /** Standard input, output and error. */
  readonly files: readonly OpenFile[];
  readonly terminal: Terminal | undefined;
}

const ROOT_IDENTITY = { uid: 0, euid: 0, suid: 0, gid: 0, egid: 0, sgid: 0, groups: [] };

/** Process 1: loaded like by execve, session and group leader, in the terminal's foreground. Throws SysFailure. */
export function startFirstProcess(system: LinuxSystem, first: FirstProgram): Context {
  const { kernel, table, vfs } = system;
  const process = table.create(undefined, { ...ROOT_IDENTITY }, vfs.root);
  process.cwd = asDirectory(vfs.find(vfsCaller(process), { path: first.cwd }));
  const context =
    kernel.createContext({ engine: nativeEngine, abi: first.abi, name: '' }) ?? fail(Errno.EAGAIN);
  table.addThread(process, context);
  context.files = standardFiles(system, first.files);
  const open = (path: string) => openProgramAs(system, vfsCaller(process), path);
  const { argv, environment } = first;
  const prepared = prepareExecution(kernel, process, open, {
    path: pathOf(first.program),
    argv,
    environment,
  });
  enterProgram(kernel, table, context, prepared);
  system.terminal = first.terminal;
  takeTerminal(first.terminal, process.pid);
  kernel.start(context);
  return context;
}

function standardFiles({ files }: LinuxSystem, standard: readonly OpenFile[]): FileTable {
  const table = new FileTable();
  const opened = new Map(standard.map((file) => [file, files.open(file, Open.RDWR)]));
  standard.forEach((file, fd) => {
    const description = opened.get(file);
    if (description) table.install(fd, fd === standard.indexOf(file) ? description : description.retain());
  });
  return table;
}

function takeTerminal(terminal: Terminal | undefined, pid: number): void {
  if (!terminal) return;
  terminal.session = pid;
  terminal.foreground = pid;
}
