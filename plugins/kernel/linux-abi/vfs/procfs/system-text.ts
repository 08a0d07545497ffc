import { majorOf, minorOf } from '../device-numbers.js';
import type { Mount } from '../location.js';
import { pathOf, rootOf } from '../location.js';
import { ticks } from './process-text.js';
import type { ProcCpu, ProcSystem } from './source.js';

// Formats of fs/proc/{meminfo,stat,uptime,loadavg,version}.c, fs/proc_namespace.c and arch/x86/kernel/cpu/proc.c.

const NS_PER_S = 1e9;
const KIB = 1024;
const TAB_COLUMN = 8;

const memoryLine = (name: string, bytes: number): string =>
  `${`${name}:`.padEnd(16)}${String(Math.floor(bytes / KIB)).padStart(8)} kB\n`;

export function memoryText(system: ProcSystem): string {
  const { totalBytes, freeBytes, cachedBytes } = system.memory();
  const rows: [string, number][] = [
    ['MemTotal', totalBytes],
    ['MemFree', freeBytes],
    ['MemAvailable', freeBytes + cachedBytes],
    ['Buffers', 0],
    ['Cached', cachedBytes],
    ['SwapCached', 0],
    ['Active', totalBytes - freeBytes],
    ['Inactive', 0],
    ['SwapTotal', 0],
    ['SwapFree', 0],
    ['Dirty', 0],
    ['Writeback', 0],
    ['AnonPages', totalBytes - freeBytes - cachedBytes],
    ['Mapped', 0],
    ['Shmem', 0],
    ['Slab', 0],
    ['CommitLimit', totalBytes],
    ['Committed_AS', totalBytes - freeBytes],
  ];
  return rows.map(([name, bytes]) => memoryLine(name, bytes)).join('');
}

export function cpuText(cpu: ProcCpu): string {
  const rows: [string, string | number][] = [
    ['processor', 0],
    ['vendor_id', cpu.vendor],
    ['cpu family', cpu.family],
    ['model', cpu.modelNumber],
    ['model name', cpu.model],
    ['stepping', cpu.stepping],
    ['cpu MHz', cpu.mhz.toFixed(3)],
    ['physical id', 0],
    ['siblings', 1],
    ['core id', 0],
    ['cpu cores', 1],
    ['fpu', 'yes'],
    ['fpu_exception', 'yes'],
    ['wp', 'yes'],
    ['flags', cpu.flags.join(' ')],
    ['bogomips', (cpu.mhz * 2).toFixed(2)],
    ['clflush size', 64],
    ['cache_alignment', 64],
    ['address sizes', '36 bits physical, 48 bits virtual'],
  ];
  return `${rows.map(([name, value]) => `${name}${name.length < TAB_COLUMN ? '\t\t' : '\t'}: ${value}\n`).join('')}\n`;
}

const seconds = (ns: number): string => (ns / NS_PER_S).toFixed(2);

export const uptimeText = (system: ProcSystem): string =>
  `${seconds(system.uptimeNs())} ${seconds(system.idleNs())}\n`;

export function versionText({ identity: { release, version } }: ProcSystem): string {
  return `Linux version ${release} (halfcell@halfcell) (halfcell) ${version}\n`;
}

export function statText(system: ProcSystem): string {
  const busy = ticks(system.uptimeNs() - system.idleNs());
  const times = `${busy} 0 0 ${ticks(system.idleNs())} 0 0 0 0 0 0`;
  const { contextSwitches, interrupts, forks } = system.counters();
  const bootSeconds = Math.floor((Number(system.realtimeNs()) - system.uptimeNs()) / NS_PER_S);
  return [
    `cpu  ${times}`,
    `cpu0 ${times}`,
    `intr ${interrupts}`,
    `ctxt ${contextSwitches}`,
    `btime ${bootSeconds}`,
    `processes ${forks}`,
    `procs_running ${system.tasks().running}`,
    'procs_blocked 0',
    '',
  ].join('\n');
}

export function loadText(system: ProcSystem): string {
  const { running, total, lastPid } = system.tasks();
  return `0.00 0.00 0.00 ${running}/${total} ${lastPid}\n`;
}

export const fileSystemsText = (): string =>
  ['devtmpfs', 'hostfs', 'proc', 'tmpfs'].map((name) => `nodev\t${name}\n`).join('');

const escaped = (text: string): string =>
  text.replace(/[ \t\n\\]/g, (char) => `\\${char.charCodeAt(0).toString(8).padStart(3, '0')}`);

const options = ({ readOnly }: Mount): string => `${readOnly ? 'ro' : 'rw'},relatime`;

/** /proc/PID/mounts. */
export function mountsText(mounts: readonly Mount[]): string {
  const line = (mount: Mount) =>
    `${escaped(mount.source)} ${escaped(pathOf(rootOf(mount)))} ${mount.fileSystem.name} ${options(mount)} 0 0\n`;
  return mounts.map(line).join('');
}

/** /proc/PID/mountinfo. */
export function mountInfoText(mounts: readonly Mount[]): string {
  const line = (mount: Mount, at: number) => {
    const parent = mount.point ? mounts.indexOf(mount.point.mount) + 1 : 0;
    const { dev } = mount.fileSystem.root.stat();
    const where = `${majorOf(dev)}:${minorOf(dev)} / ${escaped(pathOf(rootOf(mount)))}`;
    const what = `${mount.fileSystem.name} ${escaped(mount.source)} ${mount.readOnly ? 'ro' : 'rw'}`;
    return `${at + 1} ${parent} ${where} ${options(mount)} - ${what}\n`;
  };
  return mounts.map(line).join('');
}
