import type { Mount } from '../location.js';
import type { FileSystem, Node, StatFs } from '../types.js';
import { ProcessFiles } from './process-files.js';
import type { ProcEnvironment } from './process-files.js';
import type { ProcSource } from './source.js';
import { SyntheticDirectory, SyntheticFile, SyntheticLink, tableOf } from './synthetic.js';
import type { Content, Contents, EntryMaker, Origin } from './synthetic.js';
import { systemSettings } from './settings.js';
import {
  cpuText,
  fileSystemsText,
  loadText,
  memoryText,
  statText,
  uptimeText,
  versionText,
} from './system-text.js';

const PROC_MAGIC = 0x9fa0;

export interface ProcfsOptions {
  readonly source: ProcSource;
  mounts(): readonly Mount[];
  readonly dev: number;
}

/** /proc: what the guest's kernel says of itself and its processes. */
export class Procfs implements FileSystem {
  readonly name = 'proc';
  readonly root: SyntheticDirectory;
  readonly #environment: ProcEnvironment;
  readonly #processes: ProcessFiles;

  constructor(private readonly options: ProcfsOptions) {
    this.#environment = {
      source: options.source,
      mounts: options.mounts,
      origin: (path, owner) => this.#origin(path, owner),
    };
    this.#processes = new ProcessFiles(this.#environment);
    this.root = new SyntheticDirectory(this.#origin('', undefined), undefined, '', this.#contents());
  }

  statfs(_node: Node): StatFs {
    return { type: PROC_MAGIC, bsize: 4096, blocks: 0, bfree: 0, bavail: 0, files: 0, ffree: 0 };
  }

  #origin(path: string, owner = { uid: 0, gid: 0 }): Origin {
    const { source, dev } = this.options;
    return { dev, ino: inodeOf(path), ...owner, nowNs: () => source.system.realtimeNs() };
  }

  #contents(): Contents {
    const fixed = tableOf(this.#fixedEntries());
    const { source } = this.options;
    return {
      names: () => [...fixed.names(), ...source.pids().map(String)],
      lookup: (name, directory) => fixed.lookup(name, directory) ?? this.#processNamed(name, directory),
    };
  }

  #processNamed(name: string, directory: SyntheticDirectory): Node | undefined {
    if (!/^[1-9]\d{0,9}$/.test(name)) return undefined;
    const pid = Number(name);
    return this.options.source.process(pid) && this.#processes.directory(directory, pid, pid, name);
  }

  #fixedEntries(): Map<string, EntryMaker> {
    const { source } = this.options;
    const { system } = source;
    const texts: Record<string, Content> = {
      cpuinfo: () => cpuText(system.cpu()),
      filesystems: fileSystemsText,
      loadavg: () => loadText(system),
      meminfo: () => memoryText(system),
      stat: () => statText(system),
      uptime: () => uptimeText(system),
      version: () => versionText(system),
    };
    const entries = new Map<string, EntryMaker>();
    for (const [name, text] of Object.entries(texts))
      entries.set(name, () => new SyntheticFile(this.#origin(name), 0o444, text));
    const current = (pid: number | undefined, suffix = ''): string =>
      pid === undefined ? '' : `${pid}${suffix}`;
    const self = () => current(source.currentPid());
    const threadSelf = () => current(source.currentPid(), `/task/${source.currentTid()}`);
    entries.set('self', (_, name) => new SyntheticLink(this.#origin(name), { text: self }));
    entries.set('thread-self', (_, name) => new SyntheticLink(this.#origin(name), { text: threadSelf }));
    entries.set('mounts', (_, name) => new SyntheticLink(this.#origin(name), { text: () => 'self/mounts' }));
    entries.set('sys', (parent) => systemSettings(this.#environment, parent));
    return entries;
  }
}

const FNV_OFFSET = 0x811c9dc5;
const FNV_PRIME = 0x01000193;

/** One number a path, always the same (FNV-1a). 1 is the root. */
function inodeOf(path: string): number {
  if (path === '') return 1;
  let hash = FNV_OFFSET;
  for (let at = 0; at < path.length; at++) hash = Math.imul(hash ^ path.charCodeAt(at), FNV_PRIME);
  return 0x1_0000_0000 + (hash >>> 0);
}
