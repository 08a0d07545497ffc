import { Errno } from '../../../../core/abi/errno.js';
import type { Context } from '../../contexts/context.js';
import { waitUntil } from '../../contexts/outcome.js';
import type { Outcome } from '../../contexts/outcome.js';
import type { Kernel } from '../../kernel.js';
import { contextTable } from './context-table-text.js';
import { statText } from './stat-text.js';

type Generate = (kernel: Kernel, reader: Context) => Uint8Array;

/** Longest delay of a shutdown by programs that compute, and how often to look whether they do. */
const SETTLE_NS = 300_000_000;
const LOOK_NS = 2_000_000;
const KERNEL_VERSION = '0.5.12';
const BUILD = 'halfcell';

const text = (generate: (kernel: Kernel, reader: Context) => string): Generate => {
  return (kernel, reader) => Buffer.from(generate(kernel, reader), 'utf8');
};

const eachContext = (kernel: Kernel, describe: (context: Context) => string): string =>
  kernel
    .listContexts()
    .map((context) => `${context.attributes.pid}: ${context.name}\n${describe(context)}`)
    .join('');

const blockReason = ({ wait }: Context) => (wait ? `  ${wait.keys.join(' ') || 'sleeping'}\n` : '');

function callInProgress(kernel: Kernel, { call }: Context): string {
  if (!call) return '';
  const args = call.arguments.map(
    (argument) => `0x${(argument < 0 ? 2 ** 64 + argument : argument).toString(16)}`,
  );
  return `  ${kernel.parts.pads.nameOf(call.pad) ?? '?'}(${args.join(', ')})\n`;
}

function openFiles({ files }: Context): string {
  const rows = (files?.entries() ?? []).map(
    ([fd, { provider, number, flags }]) =>
      `  ${String(fd).padEnd(4)}: ${String(provider.id).padEnd(8)} ${String(number).padEnd(8)} ${(flags >>> 0).toString(16).padStart(8, '0')}\n`,
  );
  return rows.join('');
}

export const readableFiles: ReadonlyMap<string, Generate> = new Map([
  ['block', text((kernel) => eachContext(kernel, blockReason))],
  ['context', text(contextTable)],
  ['cpu', text(() => 'CPUs: 1\nVendor: Halfcell\n')],
  ['env', text(() => '')],
  ['exe', text((_kernel, reader) => reader.name)],
  ['iostat', text((kernel) => eachContext(kernel, openFiles))],
  [
    'irq',
    text((kernel) =>
      kernel
        .interruptCounts()
        .map((count, line) => `${line}: ${count}\n`)
        .join(''),
    ),
  ],
  ['log', (kernel) => kernel.log.read()],
  ['stat', text(statText)],
  ['syscall', text((kernel) => eachContext(kernel, (context) => callInProgress(kernel, context)))],
  ['uname', text(() => `Redox\n${KERNEL_VERSION}\nx86_64\n${BUILD}\n`)],
]);

type Write = (kernel: Kernel, writer: Context, bytes: Uint8Array) => Outcome;

const STOPS: Readonly<Record<string, { reason: 'shutdown' | 'reset'; patienceNs: number }>> = {
  shutdown: { reason: 'shutdown', patienceNs: SETTLE_NS },
  reset: { reason: 'reset', patienceNs: SETTLE_NS },
  emergency_reset: { reason: 'reset', patienceNs: 0 },
};

/** What others are about to do, such as passing on what a program has printed, they may do, but not for long. */
function kstop(kernel: Kernel, writer: Context, bytes: Uint8Array): Outcome {
  const [word = '', status = '0'] = Buffer.from(bytes).toString('latin1').trim().split(/\s+/);
  const stop = STOPS[word];
  if (!stop || !/^\d{1,3}$/.test(status)) return -Errno.EINVAL;
  const { call } = writer;
  const nowNs = kernel.nowNs();
  const latestNs = Number(
    (call && (call.scratch ??= { latestNs: nowNs + stop.patienceNs })['latestNs']) ?? nowNs,
  );
  if (nowNs < latestNs && !kernel.isQuiet(writer, latestNs))
    return waitUntil(Math.min(latestNs, nowNs + LOOK_NS));
  kernel.parts.stop(stop.reason, Number(status) & 0xff);
  return bytes.length;
}

export const writableFiles: ReadonlyMap<string, Write> = new Map([['kstop', kstop]]);
