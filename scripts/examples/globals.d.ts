import type { Machine } from '../../core/machine/machine.js';
import type { KernelService } from '../../plugins/kernel/index.js';
import type { MemoryView } from '../repl/memory-view.js';
import type { PluginCommands } from '../repl/plugin-commands.js';
import type { CommandResult, ContextRow, SchemeRow } from '../repl/session.js';
import type { Trace } from '../repl/trace.js';
import type { Until } from '../repl/until.js';

/** What a script finds: the names of the REPL. */
declare global {
  const machine: Machine;
  const cpu: Machine['cpu'];
  const mem: MemoryView;
  const ports: Machine['ports'];
  const irq: Machine['irq'];
  const kernel: KernelService;
  const plugins: Machine['plugins'];
  const trace: Trace;
  const until: Until;
  const load: PluginCommands['load'];
  const swap: PluginCommands['swap'];
  const unload: PluginCommands['unload'];
  function ps(): readonly ContextRow[];
  function schemes(): readonly SchemeRow[];
  function up(): Promise<void>;
  function run(command: string): Promise<CommandResult>;
}
