import { realpathSync } from 'node:fs';
import { resolve } from 'node:path';
import { HostError } from '../../../../core/errors/host-error.js';
import { createDevfs } from './devfs.js';
import type { DeviceSource } from './devfs.js';
import { HostFileSystem } from './hostfs/hostfs.js';
import type { Location } from './location.js';
import { nameOfText, splitPath } from './names.js';
import { Procfs } from './procfs/procfs.js';
import type { ProcSource } from './procfs/source.js';
import { Tmpfs } from './tmpfs/tmpfs.js';
import type { Caller } from './vfs.js';
import { Vfs } from './vfs.js';
import { makeSymlink } from './change-names.js';
import { orErrno } from './failure.js';

/** One `--mount HOST:GUEST[:ro]`. Both paths are absolute. */
export interface MountRequest {
  readonly host: string;
  readonly guest: string;
  readonly readOnly: boolean;
}

export interface GuestTreeOptions {
  /** Host path of the program: the guest sees it under the same path. */
  readonly program: string;
  readonly mounts: readonly MountRequest[];
  readonly devices: Omit<DeviceSource, 'nowNs' | 'dev'>;
  readonly processes: ProcSource;
  readonly nowNs: () => bigint;
}

export interface GuestTree {
  readonly vfs: Vfs;
  /** The program's file. */
  readonly program: Location;
  /** Lets go of every host descriptor. */
  close(): void;
}

const TMP_MODE = 0o1777;
const everyone = (cwd: Location): Caller => ({ uid: 0, gid: 0, groups: [], umask: 0, cwd });

/**
 * What a program sees: its own file, /dev, /proc, /tmp, the mounts, and an empty rest. A mount at `/` takes the place of the empty
 * rest and brings its own /tmp.
 */
export function createGuestTree(options: GuestTreeOptions): GuestTree {
  return new GuestTreeBuilder(options).build();
}

class GuestTreeBuilder {
  readonly #opened: HostFileSystem[] = [];
  readonly #guestPaths: ReadonlySet<string>;
  readonly #vfs: Vfs;

  constructor(private readonly options: GuestTreeOptions) {
    this.#guestPaths = new Set(options.mounts.map(({ guest }) => normal(guest)));
    const whole = options.mounts.findLast(({ guest }) => normal(guest) === '/');
    const { nowNs } = options;
    this.#vfs = new Vfs(whole ? this.#hostFolder(whole) : new Tmpfs({ nowNs }), nowNs, {
      readOnly: whole?.readOnly ?? false,
    });
  }

  build(): GuestTree {
    this.#mountOwn('/dev', (dev) => createDevfs({ ...this.options.devices, nowNs: this.options.nowNs, dev }));
    this.#mountOwn('/proc', (dev) => this.#procfs(dev));
    if (!this.#guestPaths.has('/'))
      this.#mountOwn('/tmp', (dev) => new Tmpfs({ nowNs: this.options.nowNs, mode: TMP_MODE, dev }));
    for (const request of this.#outermostFirst()) this.#mountHost(request);
    const program = this.#showProgram();
    return { vfs: this.#vfs, program, close: () => this.#opened.forEach((each) => each.close()) };
  }

  #procfs(dev: number): Procfs {
    return new Procfs({ source: this.options.processes, mounts: () => this.#vfs.mounts(), dev });
  }

  #mountOwn(path: string, create: (dev: number) => Tmpfs | Procfs): void {
    if (this.#guestPaths.has(path)) return;
    this.#vfs.mount(path, create(this.#vfs.deviceNumbers.take()));
  }

  #outermostFirst(): MountRequest[] {
    const depth = ({ guest }: MountRequest) => splitPath(guest).length;
    return this.options.mounts
      .filter(({ guest }) => normal(guest) !== '/')
      .toSorted((a, b) => depth(a) - depth(b));
  }

  #mountHost(request: MountRequest): void {
    this.#vfs.mount(nameOfText(normal(request.guest)), this.#hostFolder(request), {
      readOnly: request.readOnly,
      source: nameOfText(request.host),
    });
  }

  #hostFolder({ host, readOnly }: MountRequest): HostFileSystem {
    try {
      const folder = new HostFileSystem({ hostPath: host, readOnly });
      this.#opened.push(folder);
      return folder;
    } catch {
      throw new HostError(
        'CONFIG',
        `cannot show ${host} to the guest`,
        'name a folder or file that you may read',
      );
    }
  }

  /** At its real path; where it was named through links, the name is a link. */
  #showProgram(): Location {
    const named = resolve(this.options.program);
    const real = realpathSync(named);
    const caller = everyone(this.#vfs.root);
    if (!this.#visible(real)) this.#mountHost({ host: real, guest: real, readOnly: true });
    if (named !== real && !this.#visible(named)) this.#linkTo(caller, named, real);
    return this.#vfs.find(caller, { path: nameOfText(real) });
  }

  #visible(path: string): boolean {
    const found = orErrno(() => this.#vfs.find(everyone(this.#vfs.root), { path: nameOfText(path) }));
    return typeof found !== 'number';
  }

  #linkTo(caller: Caller, named: string, real: string): void {
    const parts = nameOfText(named).split('/');
    this.#vfs.makeParents(parts.slice(0, -1).join('/'));
    orErrno(() => makeSymlink(this.#vfs, caller, nameOfText(real), { path: parts.join('/') }));
  }
}

const normal = (path: string): string => resolve('/', path);
