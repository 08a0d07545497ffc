import { randomFillSync } from 'node:crypto';
import type { Context } from '../contexts/context.js';
import type { Kernel } from '../kernel.js';
import type { KernelSchemes } from '../plugin.js';
import { LinuxFiles } from './files/linux-files.js';
import type { Fifo } from './files/fifo-file.js';
import { MappedFiles } from './files/mapped-files.js';
import { ProcessTable } from './process/process-table.js';
import type { LinuxProcess } from './process/process.js';
import { threadOf } from './process/thread.js';
import type { Node } from './vfs/types.js';
import { InFlight } from './sockets/in-flight.js';
import { SocketAddresses } from './sockets/socket-addresses.js';
import type { Terminal } from './tty/terminal.js';
import type { Mount } from './vfs/location.js';
import { Tmpfs } from './vfs/tmpfs/tmpfs.js';
import type { Caller, Vfs } from './vfs/vfs.js';

export interface LinuxSystemParts {
  readonly kernel: Kernel;
  readonly schemes: KernelSchemes;
  readonly vfs: Vfs;
  /** One line for the host's log. */
  readonly log: (line: string) => void;
  /** Fills a buffer; the host's random numbers when left out. */
  readonly random?: (into: Uint8Array) => void;
}

/** One Linux personality of the kernel: its processes, its file tree. */
export class LinuxSystem {
  readonly kernel: Kernel;
  readonly schemes: KernelSchemes;
  readonly vfs: Vfs;
  readonly log: (line: string) => void;
  readonly table: ProcessTable;
  readonly files = new LinuxFiles();
  readonly mapped: MappedFiles;
  readonly sockets: SocketAddresses;
  /** Descriptors on their way through sockets. */
  readonly inFlight: InFlight;
  /** Named pipes that have been opened, as long as their nodes are known. */
  readonly fifos = new WeakMap<Node, Fifo>();
  /** Where memfd_create finds room. */
  readonly memoryFiles: Mount & { readonly fileSystem: Tmpfs };
  hostname = 'halfcell';
  /** The controlling terminal, where there is one. */
  terminal: Terminal | undefined;
  readonly #random: (into: Uint8Array) => void;

  constructor({ kernel, schemes, vfs, log, random }: LinuxSystemParts) {
    this.kernel = kernel;
    this.schemes = schemes;
    this.vfs = vfs;
    this.log = log;
    this.#random = random ?? ((into) => void randomFillSync(into));
    this.mapped = new MappedFiles(kernel);
    this.sockets = new SocketAddresses(vfs);
    this.inFlight = new InFlight(kernel);
    this.memoryFiles = hiddenMount(kernel, vfs.deviceNumbers.take());
    this.table = new ProcessTable(this);
  }

  randomBytes(count: number): Uint8Array {
    const bytes = new Uint8Array(count);
    this.#random(bytes);
    return bytes;
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

function hiddenMount(kernel: Kernel, dev: number) {
  const nowNs = () => BigInt(Math.floor(kernel.parts.bootTimeNs + kernel.nowNs()));
  const fileSystem = new Tmpfs({ dev, nowNs });
  return { fileSystem, readOnly: false, source: 'tmpfs', point: undefined, children: new Map() };
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
