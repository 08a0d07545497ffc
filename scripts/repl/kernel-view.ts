import type { Context } from '../../plugins/kernel/contexts/context.js';
import type { Provider } from '../../plugins/kernel/files/description.js';
import { UserScheme } from '../../plugins/kernel/schemes/user/user-scheme.js';
import type { KernelService } from '../../plugins/kernel/index.js';
import type { ContextRow, FinishedCall, KernelView, SchemeRow } from './session.js';

const NS_PER_MS = 1e6;

/** What REPL and tracer show of our microkernel. */
export function kernelView({ kernel }: KernelService): KernelView {
  const nameOfCall = (context: Context) => (context.call && kernel.parts.pads.nameOf(context.call.pad)) ?? '';
  return {
    listContexts: () =>
      [...kernel.contexts.values()].map((context) => contextRow(context, nameOfCall(context))),
    listSchemes: () => [...kernel.schemes.values()].map(schemeRow).sort((a, b) => a.id - b.id),
    finishedCall: () => finishedCall(kernel.current, nameOfCall(kernel.current)),
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

function schemeRow(provider: Provider): SchemeRow {
  return {
    id: provider.id,
    name: provider.name,
    servedBy: provider instanceof UserScheme ? 'process' : 'kernel',
  };
}

function finishedCall(context: Context, pad: string): FinishedCall | undefined {
  if (!context.call) return undefined;
  const [fd] = context.call.arguments;
  const scheme = fd === undefined ? undefined : schemeOf(context, fd);
  return {
    context: `${context.name} ${context.id}`,
    name: pad.replace(/^sys_/, ''),
    args: context.call.arguments,
    scheme,
  };
}

function schemeOf(context: Context, fd: number): string | undefined {
  return context.files?.get(fd)?.provider.name;
}
