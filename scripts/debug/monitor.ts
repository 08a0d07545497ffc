import type { Machine } from '../../core/machine/machine.js';
import type { MonitorCommand } from '../../gdbstub/index.js';
import type { Grant } from '../../plugins/kernel/memory/grant.js';
import type { KernelService } from '../../plugins/kernel/index.js';

const NS_PER_MS = 1e6;

/** What `monitor NAME` prints in gdb. */
export function monitorCommands(machine: Machine, { kernel }: KernelService): MonitorCommand[] {
  return [
    {
      name: 'ps',
      help: 'contexts: number, process, state, system call, time, name',
      run: () =>
        table([
          ['CTX', 'PID', 'KIND', 'STATE', 'CALL', 'MS', 'NAME'],
          ...kernel
            .listContexts()
            .map((context) => [
              context.id,
              context.attributes.pid,
              context.engine.kind,
              context.state,
              (context.call && kernel.parts.pads.nameOf(context.call.pad)) ?? '-',
              Math.round(context.cpuTimeNs / NS_PER_MS),
              context.name,
            ]),
        ]),
    },
    {
      name: 'schemes',
      help: 'schemes of the kernel and of services',
      run: () => table([['ID', 'NAME'], ...kernel.listSchemes().map(({ id, name }) => [id, name])]),
    },
    { name: 'maps', help: 'maps PID: the memory of a process', run: ([pid]) => maps(kernel, Number(pid)) },
    {
      name: 'plugins',
      help: 'loaded plugins: swaps, what they provide',
      run: () =>
        table([
          ['NAME', 'SWAPS', 'PROVIDES'],
          ...machine.plugins
            .list()
            .map(({ name, swaps, provides }) => [name, swaps, provides.join(',') || '-']),
        ]),
    },
    {
      name: 'reset',
      help: 'starts the machine again from power-on',
      run: async () => {
        await machine.reset();
        return 'the machine stands at its first instruction\n';
      },
    },
  ];
}

function maps(kernel: KernelService['kernel'], pid: number): string {
  const context = kernel.listContexts().find(({ attributes, space }) => attributes.pid === pid && space);
  if (!context?.space) return `no native process has number ${pid}\n`;
  return context.space.grants.map(line).join('');
}

function line({ start, end, read, write, execute, backing, label = '' }: Grant): string {
  const shared = backing.kind !== 'anonymous' && (backing.kind === 'physical' || backing.shared);
  const rights = `${read ? 'r' : '-'}${write ? 'w' : '-'}${execute ? 'x' : '-'}${shared ? 's' : 'p'}`;
  return `${start.toString(16).padStart(12, '0')}-${end.toString(16).padStart(12, '0')} ${rights} ${label}\n`;
}

function table(rows: readonly (readonly (string | number)[])[]): string {
  const texts = rows.map((row) => row.map(String));
  const widths = (texts[0] ?? []).map((_, column) =>
    Math.max(...texts.map((row) => (row[column] ?? '').length)),
  );
  const format = (row: readonly string[]) =>
    row
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join('  ')
      .trimEnd();
  return `${texts.map(format).join('\n')}\n`;
}
