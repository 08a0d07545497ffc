import type { Context } from '../../plugins/kernel/contexts/context.js';
import type { Provider } from '../../plugins/kernel/files/description.js';
import type { KernelService } from '../../plugins/kernel/index.js';
import type { ContextRow, FinishedCall, KernelView, SchemeRow } from './session.js';

const NS_PER_MS = 1e6;

/** What a scheme is called, and who serves it. */
export type SchemeServerNames = (provider: Provider) => Pick<SchemeRow, 'name' | 'servedBy'>;

/** What REPL and tracer show of our microkernel. */
export function kernelView({ kernel }: KernelService, namesOf: SchemeServerNames): KernelView {
  const nameOfCall = (context: Context) => (context.call && kernel.parts.pads.nameOf(context.call.pad)) ?? '';
  return {
    listContexts: () =>
      [...kernel.contexts.values()].map((context) => contextRow(context, nameOfCall(context))),
    listSchemes: () =>
      [...kernel.schemes.values()]
        .map((provider) => ({ id: provider.id, ...namesOf(provider) }))
        .sort((a, b) => a.id - b.id),
    finishedCall: () => finishedCall(kernel, namesOf),
  };
}

function contextRow(context: Context, call: string): ContextRow {
  const { id, name, state, engine, attributes, cpuTimeNs } = context;
  return {
    id,
    pid: attributes.pid,
    name,
    kind: engine.kind,
    state,
    call,
    cpuMs: Math.round(cpuTimeNs / NS_PER_MS),
  };
}

function finishedCall(
  { current: context, parts }: KernelService['kernel'],
  namesOf: SchemeServerNames,
): FinishedCall | undefined {
  if (!context.call) return undefined;
  const { pad, arguments: args } = context.call;
  const { name = '', parameters } = parts.pads.pads[pad] ?? {};
  const provider = context.files?.get(args[0] ?? -1)?.provider;
  return {
    context: `${context.name} ${context.id}`,
    name: name.replace(/^sys_/, ''),
    args: args.slice(0, parameters?.length),
    scheme: provider && namesOf(provider).name,
  };
}
