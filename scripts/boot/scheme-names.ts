import type { Context } from '../../plugins/kernel/contexts/context.js';
import type { KernelService } from '../../plugins/kernel/index.js';
import type { IsolateEngines } from '../../plugins/kernel/isolates/isolate-engine.js';
import { UserScheme } from '../../plugins/kernel/schemes/user/user-scheme.js';
import { manifests } from '../../plugins/services/manifests.js';
import type { SchemeServerNames } from '../repl/index.js';

/** The kernel knows schemes by number only: their names are those that the server's manifest says it registers. */
export function schemeNames({ kernel, schemes }: KernelService, isolates: IsolateEngines): SchemeServerNames {
  const found = new WeakMap<UserScheme, { name: string; servedBy: string }>();
  const serverOf = (scheme: UserScheme) =>
    kernel.listContexts().find((context) => schemes.manager.servedBy(context) === scheme);
  const describe = (context: Context) => {
    const { name = context.name, start } = isolates.engineOf(context)?.header ?? {};
    const [scheme = ''] = manifests.get(name)?.provides ?? [];
    return { name: scheme.replace('$1', start?.argv[1] ?? ''), servedBy: name };
  };
  return (provider) => {
    if (!(provider instanceof UserScheme)) return { name: provider.name, servedBy: 'kernel' };
    const known = found.get(provider);
    if (known) return known;
    const server = serverOf(provider);
    if (!server) return { name: '', servedBy: '' };
    const names = describe(server);
    found.set(provider, names);
    return names;
  };
}
