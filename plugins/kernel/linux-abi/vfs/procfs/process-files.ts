import { Errno } from '../../../../../core/abi/errno.js';
import { fail } from '../failure.js';
import { reads, writes } from '../flags.js';
import { isDirectory, pathOf } from '../location.js';
import type { Location, Mount } from '../location.js';
import type { Node } from '../types.js';
import { descriptorText, limitsText, mapsText, statmText, statText, statusText } from './process-text.js';
import type { ProcDescriptor, ProcProcess, ProcSource } from './source.js';
import { SyntheticDirectory, SyntheticFile, SyntheticLink, tableOf } from './synthetic.js';
import type { Contents, EntryMaker, Origin } from './synthetic.js';
import { mountInfoText, mountsText } from './system-text.js';

export interface ProcEnvironment {
  readonly source: ProcSource;
  mounts(): readonly Mount[];
  origin(path: string, owner?: { readonly uid: number; readonly gid: number }): Origin;
}

/** A path, with Linux's note when the name is gone. */
export function locationText(location: Location): string {
  const { node } = location;
  if (isDirectory(node) && node.removed) return `${node.name} (deleted)`;
  const path = pathOf(location);
  return !isDirectory(node) && isUnlinked(node) ? `${path} (deleted)` : path;
}

function isUnlinked(node: Node): boolean {
  try {
    return node.stat().nlink === 0;
  } catch {
    return true;
  }
}

type TextOf = (process: ProcProcess, tid: number) => string | Uint8Array;

const files: readonly (readonly [name: string, mode: number, text: TextOf])[] = [
  ['auxv', 0o400, (process) => process.auxiliary()],
  ['cmdline', 0o444, (process) => process.commandLine()],
  ['environ', 0o400, (process) => process.environment()],
  ['limits', 0o444, limitsText],
  ['maps', 0o444, mapsText],
  ['stat', 0o444, (process, tid) => statText({ process, tid })],
  ['statm', 0o444, statmText],
  ['status', 0o444, (process, tid) => statusText({ process, tid })],
  ['oom_score_adj', 0o644, () => '0\n'],
  ['cgroup', 0o444, () => '0::/\n'],
  ['comm', 0o644, (process, tid) => `${commOf(process, tid)}\n`],
];

const commOf = (process: ProcProcess, tid: number): string =>
  process.threads().find((thread) => thread.tid === tid)?.comm ?? process.comm;

/** Directories of one process, found anew at each step: it may be gone. */
export class ProcessFiles {
  constructor(private readonly environment: ProcEnvironment) {}

  /** /proc/PID or /proc/PID/task/TID. */
  directory(parent: SyntheticDirectory, pid: number, tid: number, path: string): SyntheticDirectory {
    const origin = this.#origin(pid, path);
    return new SyntheticDirectory(
      origin,
      parent,
      path.slice(path.lastIndexOf('/') + 1),
      this.#entries(pid, tid, path),
    );
  }

  #entries(pid: number, tid: number, path: string): Contents {
    const entries = new Map<string, EntryMaker>();
    for (const [name, mode, text] of files)
      entries.set(name, () => this.#file(pid, `${path}/${name}`, mode, () => text(this.#process(pid), tid)));
    const { mounts } = this.environment;
    entries.set('mounts', () => this.#file(pid, `${path}/mounts`, 0o444, () => mountsText(mounts())));
    entries.set('mountinfo', () =>
      this.#file(pid, `${path}/mountinfo`, 0o444, () => mountInfoText(mounts())),
    );
    entries.set('exe', () => this.#link(pid, `${path}/exe`, (process) => process.executable));
    entries.set('cwd', () => this.#link(pid, `${path}/cwd`, (process) => process.cwd));
    entries.set('root', () => this.#rootLink(pid, path));
    entries.set('fd', (parent, name) => this.#descriptors(parent, name, pid, path));
    entries.set('fdinfo', (parent, name) => this.#descriptorInfo(parent, name, pid, path));
    if (!path.includes('/')) entries.set('task', (parent) => this.#tasks(parent, pid, path));
    return tableOf(entries);
  }

  #process(pid: number): ProcProcess {
    return this.environment.source.process(pid) ?? fail(Errno.ESRCH);
  }

  #origin(pid: number, path: string): Origin {
    const process = this.environment.source.process(pid);
    return this.environment.origin(
      path,
      process && { uid: process.uid.effective, gid: process.gid.effective },
    );
  }

  #file(pid: number, path: string, mode: number, text: () => string | Uint8Array): SyntheticFile {
    return new SyntheticFile(this.#origin(pid, path), mode, text);
  }

  #link(pid: number, path: string, where: (process: ProcProcess) => Location | undefined): SyntheticLink {
    const target = () => where(this.#process(pid)) ?? fail(Errno.ENOENT);
    return new SyntheticLink(this.#origin(pid, path), { text: () => locationText(target()), target });
  }

  #rootLink(pid: number, path: string): SyntheticLink {
    return new SyntheticLink(this.#origin(pid, `${path}/root`), { text: () => '/' });
  }

  #descriptors(parent: SyntheticDirectory, name: string, pid: number, path: string): SyntheticDirectory {
    const make = (descriptor: ProcDescriptor) => this.#descriptorLink(pid, `${path}/fd`, descriptor);
    return new SyntheticDirectory(
      this.#origin(pid, `${path}/fd`),
      parent,
      name,
      this.#byDescriptor(pid, make),
      0o500,
    );
  }

  #descriptorInfo(parent: SyntheticDirectory, name: string, pid: number, path: string): SyntheticDirectory {
    const make = (descriptor: ProcDescriptor) =>
      this.#file(pid, `${path}/fdinfo/${descriptor.fd}`, 0o400, () => descriptorText(descriptor));
    return new SyntheticDirectory(
      this.#origin(pid, `${path}/fdinfo`),
      parent,
      name,
      this.#byDescriptor(pid, make),
      0o555,
    );
  }

  #byDescriptor(pid: number, make: (descriptor: ProcDescriptor) => Node): Contents {
    return {
      names: () =>
        this.#process(pid)
          .descriptors()
          .map(({ fd }) => String(fd)),
      lookup: (name) => {
        const found = this.#process(pid)
          .descriptors()
          .find(({ fd }) => String(fd) === name);
        return found && make(found);
      },
    };
  }

  #descriptorLink(pid: number, path: string, { fd, location, text, flags }: ProcDescriptor): SyntheticLink {
    return new SyntheticLink(this.#origin(pid, `${path}/${fd}`), {
      text: () => text ?? locationText(location),
      target: () => location,
      mode: (reads(flags) ? 0o500 : 0) | (writes(flags) ? 0o300 : 0),
    });
  }

  #tasks(parent: SyntheticDirectory, pid: number, path: string): SyntheticDirectory {
    const tids = () =>
      this.#process(pid)
        .threads()
        .map(({ tid }) => tid);
    return new SyntheticDirectory(this.#origin(pid, `${path}/task`), parent, 'task', {
      names: () => tids().map(String),
      lookup: (name, directory) =>
        tids().some((tid) => String(tid) === name)
          ? this.directory(directory, pid, Number(name), `${path}/task/${name}`)
          : undefined,
    });
  }
}
