import { majorOf, minorOf } from '../device-numbers.js';
import type { ProcDescriptor, ProcIds, ProcLimit, ProcMap, ProcProcess, ProcState } from './source.js';

// Formats of fs/proc/array.c and task_mmu.c.

const TICK_NS = 10_000_000;
const PAGE_BYTES = 4096;
const KIB = 1024;
const ALL_CAPABILITIES = 0x1ff_ffff_ffffn;
const SIGCHLD = 17;

const stateNames: Record<ProcState, string> = {
  R: 'R (running)',
  S: 'S (sleeping)',
  D: 'D (disk sleep)',
  T: 'T (stopped)',
  t: 't (tracing stop)',
  Z: 'Z (zombie)',
  X: 'X (dead)',
};

export const ticks = (ns: number): number => Math.floor(ns / TICK_NS);
const kib = (bytes: number): string => `${String(Math.ceil(bytes / KIB)).padStart(8)} kB`;
const mask = (bits: bigint): string => bits.toString(16).padStart(16, '0');
const ids = ({ real, effective, saved, fileSystem }: ProcIds): string =>
  [real, effective, saved, fileSystem].join('\t');

/** One thread's view; the main thread's is the process's. */
export interface TaskView {
  readonly process: ProcProcess;
  readonly tid: number;
}

interface Task {
  readonly comm: string;
  readonly state: ProcState;
  readonly userNs: number;
  readonly systemNs: number;
  readonly pending: bigint;
  readonly blocked: bigint;
}

function taskOf({ process, tid }: TaskView): Task {
  const thread = tid === process.pid ? undefined : process.threads().find((each) => each.tid === tid);
  const { comm, state, userNs, systemNs, signals } = process;
  return { comm, state, userNs, systemNs, ...signals, ...thread, ...thread?.signals };
}

function memoryLines({ memory }: ProcProcess): [string, string][] {
  if (!memory) return [];
  return [
    ['VmPeak', kib(memory.peakBytes)],
    ['VmSize', kib(memory.virtualBytes)],
    ['VmLck', kib(0)],
    ['VmHWM', kib(memory.residentBytes)],
    ['VmRSS', kib(memory.residentBytes)],
    ['VmData', kib(memory.dataBytes)],
    ['VmStk', kib(memory.stackBytes)],
    ['VmExe', kib(memory.codeBytes)],
    ['VmSwap', kib(0)],
  ];
}

/** /proc/PID/status. */
export function statusText(view: TaskView): string {
  const { process, tid } = view;
  const task = taskOf(view);
  const capabilities = mask(process.uid.effective === 0 ? ALL_CAPABILITIES : 0n);
  const lines: [string, string | number][] = [
    ['Name', task.comm],
    ['Umask', process.umask.toString(8).padStart(4, '0')],
    ['State', stateNames[task.state]],
    ['Tgid', process.pid],
    ['Ngid', 0],
    ['Pid', tid],
    ['PPid', process.ppid],
    ['TracerPid', 0],
    ['Uid', ids(process.uid)],
    ['Gid', ids(process.gid)],
    ['FDSize', 64],
    ['Groups', process.groups.map((group) => `${group} `).join('') || ' '],
    ...memoryLines(process),
    ['Threads', process.threads().length],
    ['SigQ', '0/1024'],
    ['SigPnd', mask(task.pending)],
    ['ShdPnd', mask(process.signals.shared)],
    ['SigBlk', mask(task.blocked)],
    ['SigIgn', mask(process.signals.ignored)],
    ['SigCgt', mask(process.signals.caught)],
    ['CapInh', mask(0n)],
    ['CapPrm', capabilities],
    ['CapEff', capabilities],
    ['CapBnd', mask(ALL_CAPABILITIES)],
    ['CapAmb', mask(0n)],
    ['NoNewPrivs', 0],
    ['Seccomp', 0],
    ['Cpus_allowed', 1],
    ['Cpus_allowed_list', 0],
  ];
  return lines.map(([name, value]) => `${name}:\t${value}\n`).join('');
}

/** /proc/PID/stat: 52 fields, numbered in proc(5). */
export function statText(view: TaskView): string {
  const { process, tid } = view;
  const { memory, faults } = process;
  const task = taskOf(view);
  const fields: readonly (string | number)[] = [
    tid,
    `(${task.comm})`,
    task.state,
    process.ppid,
    process.pgid,
    process.sid,
    process.terminal,
    process.foregroundPgid,
    0x40_0000,
    ...[faults.minor, 0, faults.major, 0],
    ...[ticks(task.userNs), ticks(task.systemNs), ticks(process.childUserNs), ticks(process.childSystemNs)],
    ...[20 + process.nice, process.nice, process.threads().length, 0, ticks(process.startNs)],
    ...[
      memory?.virtualBytes ?? 0,
      Math.floor((memory?.residentBytes ?? 0) / PAGE_BYTES),
      '18446744073709551615',
    ],
    ...[memory?.startCode ?? 0, memory?.endCode ?? 0, memory?.startStack ?? 0, 0, 0],
    ...[task.pending, task.blocked, process.signals.ignored, process.signals.caught].map((bits) =>
      String(bits & 0x7fff_ffffn),
    ),
    ...[0, 0, 0, SIGCHLD, 0, 0, 0, 0, 0, 0],
    ...[0, 0, memory?.startBrk ?? 0, 0, 0, 0, 0, 0],
  ];
  return `${fields.join(' ')}\n`;
}

/** /proc/PID/statm: pages. */
export function statmText({ memory }: ProcProcess): string {
  const bytes = memory
    ? [memory.virtualBytes, memory.residentBytes, 0, memory.codeBytes, 0, memory.dataBytes, 0]
    : [0, 0, 0, 0, 0, 0, 0];
  return `${bytes.map((each) => Math.ceil(each / PAGE_BYTES)).join(' ')}\n`;
}

const hex = (value: number, width = 8): string => value.toString(16).padStart(width, '0');
const NAME_COLUMN = 73;

function mapLine(map: ProcMap): string {
  const flags = `${map.read ? 'r' : '-'}${map.write ? 'w' : '-'}${map.execute ? 'x' : '-'}${map.shared ? 's' : 'p'}`;
  const device = `${hex(majorOf(map.dev), 2)}:${hex(minorOf(map.dev), 2)}`;
  const line = `${hex(map.start)}-${hex(map.end)} ${flags} ${hex(map.offset)} ${device} ${map.ino} `;
  if (map.name === '') return `${line}\n`;
  return `${line.padEnd(NAME_COLUMN)}${map.name.replaceAll('\n', '\\012')}\n`;
}

/** /proc/PID/maps. */
export const mapsText = ({ memory }: ProcProcess): string => (memory?.maps() ?? []).map(mapLine).join('');

const limit = (value: number): string => (Number.isFinite(value) ? String(value) : 'unlimited').padEnd(20);

function limitLine({ name, soft, hard, unit }: ProcLimit): string {
  return `${name.padEnd(25)} ${limit(soft)} ${limit(hard)} ${unit.padEnd(10)}\n`;
}

/** /proc/PID/limits. */
export function limitsText(process: ProcProcess): string {
  const head = `${'Limit'.padEnd(25)} ${'Soft Limit'.padEnd(20)} ${'Hard Limit'.padEnd(20)} ${'Units'.padEnd(10)}\n`;
  return head + process.limits().map(limitLine).join('');
}

/** /proc/PID/fdinfo/N. */
export const descriptorText = ({ position, flags, location }: ProcDescriptor): string =>
  `pos:\t${position}\nflags:\t0${flags.toString(8)}\nmnt_id:\t1\nino:\t${location.node.stat().ino}\n`;
