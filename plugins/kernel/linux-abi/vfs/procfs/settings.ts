import type { ProcEnvironment } from './process-files.js';
import type { ProcSystem } from './source.js';
import { SyntheticDirectory, SyntheticFile, tableOf } from './synthetic.js';
import type { EntryMaker } from './synthetic.js';

/** What C libraries and language runtimes read at their start, by path below /proc/sys. */
const settings: Readonly<Record<string, (system: ProcSystem) => string>> = {
  'fs/file-max': () => '1048576',
  'fs/nr_open': () => '1048576',
  'fs/pipe-max-size': () => '1048576',
  'kernel/cap_last_cap': () => '40',
  'kernel/hostname': ({ identity }) => identity.hostname(),
  'kernel/ngroups_max': () => '65536',
  'kernel/osrelease': ({ identity }) => identity.release,
  'kernel/ostype': () => 'Linux',
  'kernel/pid_max': () => '32768',
  'kernel/random/uuid': randomUuid,
  'kernel/version': ({ identity }) => identity.version,
  'vm/max_map_count': () => '65530',
  'vm/mmap_min_addr': () => '65536',
  'vm/overcommit_memory': () => '0',
};

function randomUuid(system: ProcSystem): string {
  const bytes = Buffer.alloc(16);
  system.random(bytes);
  bytes[6] = ((bytes[6] ?? 0) & 0x0f) | 0x40;
  bytes[8] = ((bytes[8] ?? 0) & 0x3f) | 0x80;
  return bytes.toString('hex').replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-');
}

/** /proc/sys, read-only. */
export function systemSettings(environment: ProcEnvironment, parent: SyntheticDirectory): SyntheticDirectory {
  return branch(environment, parent, 'sys', '');
}

function branch(
  environment: ProcEnvironment,
  parent: SyntheticDirectory,
  name: string,
  prefix: string,
): SyntheticDirectory {
  const entries = new Map<string, EntryMaker>();
  for (const path of Object.keys(settings).filter((each) => each.startsWith(prefix)))
    addEntry(environment, entries, prefix, path);
  return new SyntheticDirectory(environment.origin(`sys/${prefix}`), parent, name, tableOf(entries));
}

function addEntry(
  environment: ProcEnvironment,
  entries: Map<string, EntryMaker>,
  prefix: string,
  path: string,
): void {
  const [first = '', ...rest] = path.slice(prefix.length).split('/');
  if (rest.length > 0) {
    entries.set(first, (parent) => branch(environment, parent, first, `${prefix}${first}/`));
    return;
  }
  const text = () => `${settings[path]?.(environment.source.system)}\n`;
  entries.set(first, () => new SyntheticFile(environment.origin(`sys/${path}`), 0o444, text));
}
