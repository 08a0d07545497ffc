import type { Context } from '../../contexts/context.js';
import type { Kernel } from '../../kernel.js';
import { PAGE_BYTES } from '../../memory/frames.js';

const COLUMNS = [
  'PID',
  'EUID',
  'EGID',
  'STAT',
  'CPU',
  'AFFINITY',
  'TIME',
  'PRIVATE',
  'SHARED',
  'NAME',
] as const;
const WIDTHS = [6, 6, 6, 6, 6, 11, 12, 12, 8, 0] as const;
const KIB = 1024;

/** The file `sys:context` as Redox prints it. */
export function contextTable(kernel: Kernel): string {
  const rows = kernel
    .listContexts()
    .sort((left, right) => left.attributes.pid - right.attributes.pid)
    .map((context) => row(kernel, context));
  return [COLUMNS, ...rows].map(line).join('');
}

const line = (cells: readonly string[]) =>
  `${cells.map((cell, column) => cell.padEnd(WIDTHS[column] ?? 0)).join('')}\n`;

function row(kernel: Kernel, context: Context): string[] {
  const { pid, euid, egid } = context.attributes;
  const size = memoryOf(context);
  const running = context === kernel.current;
  // prettier-ignore
  return [
    String(pid), String(euid), String(egid), status(context, running), running ? '0' : '?', '0', time(context.cpuTimeNs),
    readable(size.privateBytes), readable(size.sharedBytes), context.name,
  ];
}

function status(context: Context, running: boolean): string {
  const first = context.space ? (context.space.grants.length > 0 ? 'U' : 'K') : 'R';
  const second = { runnable: 'R', blocked: 'B', stopped: 'T', dead: 'Z', notYetStarted: 'N' }[context.state];
  return `${first}${context.wait?.deadlineNs === undefined ? second : 'S'}${running ? '+' : ''}`;
}

export function memoryOf({ space }: Context): { privateBytes: number; sharedBytes: number } {
  let privateBytes = 0;
  let sharedBytes = 0;
  for (const { start, end, backing } of space?.grants ?? []) {
    if (backing.kind === 'anonymous') privateBytes += end - start;
    else if (backing.kind === 'object' && !backing.shared) privateBytes += end - start;
    else sharedBytes += end - start;
  }
  return { privateBytes: privateBytes + PAGE_BYTES * 16, sharedBytes };
}

function time(ns: number): string {
  const centiseconds = Math.floor(ns / 1e7);
  const [seconds, rest] = [Math.floor(centiseconds / 100), centiseconds % 100];
  const parts = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60, seconds % 60];
  return `${parts.map(two).join(':')}.${two(rest)}`;
}

const two = (value: number) => String(value).padStart(2, '0');

function readable(bytes: number): string {
  for (const [unit, name] of [
    [KIB ** 3, 'GB'],
    [KIB ** 2, 'MB'],
    [KIB, 'KB'],
  ] as const) {
    if (bytes > unit) return `${(bytes / unit).toPrecision(3)} ${name}`;
  }
  return `${bytes} B`;
}
