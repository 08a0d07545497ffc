import type { Machine } from '../../core/machine/machine.js';
import type { MonitorCommand } from '../../gdbstub/index.js';
import type { Grant } from '../../plugins/kernel/memory/grant.js';
import type { Context } from '../../plugins/kernel/contexts/context.js';
import type { KernelService } from '../../plugins/kernel/index.js';
import { table } from '../repl/table.js';

const NS_PER_MS = 1e6;
const RESET_REFUSED =
  'this machine cannot be reset: its kernel keeps contexts and files outside of the processor. `kill` ends it; start halfcell again';

/** Rows of `monitor schemes`, where somebody knows more than numbers. */
export type ListSchemes = () => readonly object[];

/** What `monitor NAME` prints in gdb. */
export function monitorCommands(
  machine: Machine,
  { kernel }: KernelService,
  listSchemes: ListSchemes = () => kernel.listSchemes().map(({ id, name }) => ({ id, name })),
): MonitorCommand[] {
  const commands: Readonly<Record<string, readonly [help: string, run: MonitorCommand['run']]>> = {
    ps: [
      'contexts: number, process, kind, state, system call, time, name',
      () => rows(kernel.listContexts().map((context) => contextRow(kernel, context))),
    ],
    schemes: ['schemes of the kernel and of services', () => rows(listSchemes())],
    maps: ['maps PID: the memory of a process', ([pid = '']) => maps(kernel, pid)],
    plugins: ['loaded plugins: swaps, what they provide', () => rows(machine.plugins.list().map(pluginRow))],
    log: ['what the kernel has logged', () => Buffer.from(kernel.log.read()).toString()],
    reset: ['refused, and why', () => Promise.reject(new Error(RESET_REFUSED))],
  };
  return Object.entries(commands).map(([name, [help, run]]) => ({ name, help, run }));
}

const rows = (list: readonly object[]): string => (list.length > 0 ? `${table(list)}\n` : 'none\n');

function contextRow(kernel: KernelService['kernel'], context: Context): object {
  const { id, name, state, engine, attributes, cpuTimeNs } = context;
  const call = (context.call && kernel.parts.pads.nameOf(context.call.pad)) ?? '-';
  return {
    id,
    pid: attributes.pid,
    kind: engine.kind,
    state,
    call,
    ms: Math.round(cpuTimeNs / NS_PER_MS),
    name,
  };
}

const pluginRow = ({ name, swaps, provides }: ReturnType<Machine['plugins']['list']>[number]): object => ({
  name,
  swaps,
  provides: provides.join(',') || '-',
});

function maps(kernel: KernelService['kernel'], pid: string): string {
  if (!/^\d+$/.test(pid)) throw new Error('maps wants the number of a process: maps PID');
  const contexts = kernel.listContexts().filter(({ attributes }) => attributes.pid === Number(pid));
  if (contexts.length === 0) throw new Error(`there is no process ${pid}`);
  const space = contexts.find((context) => context.space)?.space;
  if (!space) return `process ${pid} runs in an isolate: it has no address space\n`;
  return space.grants.map(line).join('');
}

function line({ start, end, read, write, execute, backing, label = '' }: Grant): string {
  const shared = backing.kind !== 'anonymous' && (backing.kind === 'physical' || backing.shared);
  const rights = `${read ? 'r' : '-'}${write ? 'w' : '-'}${execute ? 'x' : '-'}${shared ? 's' : 'p'}`;
  const [first, last] = [start, end].map((address) => address.toString(16).padStart(12, '0'));
  return `${first}-${last} ${rights} ${label}`.trimEnd().concat('\n');
}
