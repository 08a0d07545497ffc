import { HostError } from '../../core/errors/host-error.js';
import { memoryView } from './memory-view.js';
import { pluginCommands } from './plugin-commands.js';
import type { KernelView, Session } from './session.js';
import { createTrace } from './trace.js';
import { createUntil } from './until.js';

/** What a statement can name, with what `.help` says about it. */
export interface Name {
  readonly name: string;
  readonly help: string;
  readonly value: unknown;
}

/** The names of REPL and scripts. A name for what this machine has not throws, and says so, when it is used. */
export function namesOf(session: Session, print: (line: string) => void): Name[] {
  const { machine } = session;
  const { load, swap, unload } = pluginCommands(session);
  const view = (): KernelView => session.view ?? missing('kernel', 'boot a machine with one');
  const run = session.run ?? (async () => missing('shell', 'boot an image with one'));
  return [
    name(
      'machine',
      machine,
      'the machine: pause(), resume(), step(), reset(), powerOff(status), hooks, clock',
    ),
    name(
      'cpu',
      machine.cpu,
      'registers and instructions: cpu.registers.rip, cpu.addBreakpoint(0x401000n), cpu.save()',
    ),
    name(
      'mem',
      memoryView(machine.cpu),
      'memory: mem.read(0x401000, 32), mem.u64(a), mem.text(a), mem.write(a, bytes), mem.physical',
    ),
    name('ports', machine.ports, 'who claims which ports; ports.read(0x3f8, 1), ports.write(0x3f8, 1, 65)'),
    name('irq', machine.irq, 'interrupt lines and who drives them; irq.set(4, true)'),
    name('kernel', session.kernel, 'the kernel, as it is: kernel.contexts, kernel.schemes'),
    name('plugins', machine.plugins, 'loaded plugins, what they need, provide and hold'),
    name('gdb', session.gdb, 'the debug server: gdb.port, gdb.attached'),
    name(
      'trace',
      createTrace(session, print),
      "trace.syscalls('read'), .schemes('pipe'), .ports(0x3f8), .interrupts(), .off()",
    ),
    name('ps', () => view().listContexts(), 'ps(): every context, its state and the call it is in'),
    name('schemes', () => view().listSchemes(), 'schemes(): every scheme and who serves it'),
    name('load', load, "load('./device.ts', { base: 0x300 }): load a plugin from a file"),
    name('swap', swap, "swap('./device.ts'): put it in the place of the one of its name, with its state"),
    name('unload', unload, "unload('device'): remove it and all it added"),
    name('up', () => session.up, 'await up(): the machine is as far as it gets without anybody typing'),
    name('run', run, "run('ls /scheme'): a command in the guest's shell; answers status and output"),
    name(
      'until',
      createUntil(session.console),
      "until('login:'), until(() => cpu.retired > 1e6, { timeoutS: 10 })",
    ),
  ];
}

const name = (text: string, value: unknown, help: string): Name => ({ name: text, value, help });

function missing(what: string, remedy: string): never {
  throw new HostError('CONFIG', `this machine has no ${what}`, remedy);
}

/** `.help`: all names, or more of one. */
export function helpText(names: readonly Name[], wanted = ''): string {
  const shown =
    wanted === '' ? names : names.filter((entry) => entry.name === wanted.replace(/[().].*$/, ''));
  if (shown.length === 0) return `there is no ${wanted}; .help lists all names`;
  const width = Math.max(...shown.map((entry) => entry.name.length));
  return shown.map((entry) => `${entry.name.padEnd(width)}  ${entry.help}`).join('\n');
}
