import { Errno } from '../../../core/abi/errno.js';
import { Calls } from './calls.js';
import { Clock } from './clock.js';
import { FdTable } from './fd-table.js';
import { Files } from './files.js';
import { Namespace } from './namespace.js';
import { PosixError } from './posix-error.js';
import { findCommand } from './process/executable.js';
import { Processes } from './process/processes.js';
import { spawn } from './process/spawn.js';
import { Writer } from './streams.js';
import type { KeptService, StartRecord } from '../../../core/abi/engine.js';
import type { CarriedService } from '../../../core/abi/scheme-protocol.js';
import type { SpawnOptions } from './process/spawn.js';
import type { Transport } from './transport.js';

export const STDIN = 0;
const STDOUT = 1;
const STDERR = 2;

/** Everything a program has: made from the kernel's transport and its start record. */
export class Os {
  readonly calls: Calls;
  readonly fds: FdTable;
  readonly namespace: Namespace;
  readonly files: Files;
  readonly clock: Clock;
  readonly processes: Processes;
  readonly out: Writer;
  readonly argv: readonly string[];
  readonly env: Record<string, string>;
  readonly carried: unknown;
  readonly recovered: KeptService | undefined;

  constructor(transport: Transport, start: StartRecord) {
    this.calls = new Calls(transport);
    this.fds = new FdTable(handlesOf(start));
    const asked = (start.carried as CarriedService | undefined)?.roots ?? {};
    this.namespace = new Namespace(this.calls, this.fds, { ...start, asked });
    this.files = new Files(this.calls, this.fds, this.namespace);
    this.files.cwd = start.cwd;
    this.files.umask = start.umask;
    this.clock = new Clock(this.calls);
    this.processes = new Processes(this.calls, start.processFd);
    this.out = new Writer(this.files, STDOUT);
    this.argv = start.argv;
    this.env = { ...start.env };
    this.carried = start.carried;
    this.recovered = start.recovered;
  }

  /** Descriptors that a recovered service goes on with, besides those that its state names. */
  keptFds(): number[] {
    const { socket, vault = [] } = this.recovered ?? {};
    const all = [socket, ...vault, this.processes.ownFd, this.namespace.managerFd, ...this.namespace.held()];
    return all.filter((fd) => fd !== undefined);
  }

  /** Name the program was called by. */
  get name(): string {
    return (this.argv[0] ?? '').replace(/^.*\//, '');
  }

  /** One line on standard error, behind what was written to standard output. */
  complain(text: string): void {
    this.out.flush();
    const writer = new Writer(this.files, STDERR);
    writer.line(`${this.name}: ${text}`);
    writer.flush();
  }

  /** The child inherits everything that `options` does not say; by default descriptors 0, 1 and 2. */
  spawn(path: string, options: Partial<SpawnOptions> & Pick<SpawnOptions, 'argv'>): number {
    return spawn(this, path, {
      env: this.env,
      cwd: this.files.cwd,
      umask: this.files.umask,
      fds: [0, 1, 2].filter((fd) => this.fds.has(fd)).map((fd) => [fd, fd] as const),
      namespaceFd: this.namespace.managerFd,
      ...options,
    });
  }

  /** Gives the rest of the process's life to a server. */
  serve(server: { serve(): void }): void {
    server.serve();
  }

  /** Path of a command; ENOENT when PATH has none. */
  which(word: string): string {
    const path = findCommand(this.files, word, this.env['PATH'] ?? '/usr/bin:/bin');
    if (path === undefined) throw new PosixError(Errno.ENOENT, 'exec');
    return path;
  }
}

function handlesOf({ fds, roots, processFd, namespaceFd }: StartRecord): number[] {
  return [...fds, ...Object.values(roots), processFd, namespaceFd].filter((fd) => fd !== undefined);
}
