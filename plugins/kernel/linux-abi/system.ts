import type { Context } from '../contexts/context.js';
import type { Kernel } from '../kernel.js';
import type { KernelSchemes } from '../plugin.js';
import type { MemoryObject } from '../memory/memory-object.js';
import { LinuxFiles } from './files/linux-files.js';
import { ProcessTable } from './process/process-table.js';
import type { LinuxProcess } from './process/process.js';
import { threadOf } from './process/thread.js';
import type { Terminal } from './tty/terminal.js';
import type { Node } from './vfs/types.js';
import type { Caller, Vfs } from './vfs/vfs.js';

export interface LinuxSystemParts {
  readonly kernel: Kernel;
  readonly schemes: KernelSchemes;
  readonly vfs: Vfs;
  /** One line for the host's log. */
  readonly log: (line: string) => void;
}

/** One Linux personality of the kernel: its processes, its file tree. */
export class LinuxSystem {
  readonly kernel: Kernel;
  readonly schemes: KernelSchemes;
  readonly vfs: Vfs;
  readonly log: (line: string) => void;
  readonly table: ProcessTable;
  readonly files = new LinuxFiles();
  /** Content of files that are mapped, so that all mappings of one file share pages. */
  readonly mapped = new Map<Node, MemoryObject>();
  hostname = 'halfcell';
  /** The controlling terminal, where there is one. */
  terminal: Terminal | undefined;

  constructor({ kernel, schemes, vfs, log }: LinuxSystemParts) {
    this.kernel = kernel;
    this.schemes = schemes;
    this.vfs = vfs;
    this.log = log;
    this.table = new ProcessTable(this);
  }

  #nextId = 1;

  /** A number for an object without a place: pipes aside, what makes wait queues and inodes differ. */
  nextId(): number {
    return this.#nextId++;
  }

  /** On whose behalf a file call is made. */
  callerOf(context: Context): Caller {
    const { process } = threadOf(context);
    return vfsCaller(process);
  }
}

export const vfsCaller = ({ identity, umask, cwd }: LinuxProcess): Caller => ({
  uid: identity.euid,
  gid: identity.egid,
  groups: identity.groups,
  umask,
  cwd,
});

/** The system behind a context of this ABI. */
export const systemOf = (context: Context): LinuxSystem => threadOf(context).process.system;
export const processOf = (context: Context): LinuxProcess => threadOf(context).process;
