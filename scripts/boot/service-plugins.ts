import { definePlugin } from '../../core/plugin/plugin.js';
import type { AnyPlugin } from '../../core/plugin/plugin.js';
import type { Machine } from '../../core/machine/machine.js';
import type { Context } from '../../plugins/kernel/contexts/context.js';
import type { KernelService } from '../../plugins/kernel/index.js';
import type { BuiltProgram, IsolateEngines } from '../../plugins/kernel/isolates/isolate-engine.js';
import { ServiceSwap } from '../../plugins/kernel/isolates/service-swap.js';
import { manifests } from '../../plugins/services/manifests.js';
import type { Programs } from './programs.js';

/** Daemons that run in isolates, as plugins of the machine: listed, swapped and unloaded like devices. */
export class ServicePlugins {
  readonly #contexts = new Map<string, Context>();
  readonly #exchanging = new Set<string>();
  /** A daemon may be back before its end has been listed. */
  #listing: Promise<unknown> = Promise.resolve();
  #swap: ServiceSwap | undefined;

  constructor(
    private readonly machine: Machine,
    private readonly programs: Programs,
  ) {}

  connect(service: KernelService, isolates: IsolateEngines): void {
    this.#swap = new ServiceSwap({ service, isolates, after: hostTimer });
    service.kernel.onExit.add((context) => this.#ended(context));
  }

  /** A program was given to a context: daemons become plugins. */
  attached(context: Context, name: string): void {
    if (manifests.get(name)?.kind !== 'daemon') return;
    const { plugins } = this.machine;
    this.#contexts.set(name, context);
    // A second instance of one program is not listed again.
    this.#list(() => (plugins.has(name) ? undefined : plugins.load(this.#plugin(name), {})));
  }

  /** The plugin for a swap: by the time it is handed out, the successor (its program anew, unless given) serves already. */
  async prepareSwap(name: string, successor?: BuiltProgram): Promise<AnyPlugin | undefined> {
    if (!this.#contexts.has(name) || !this.#swap) return undefined;
    this.#exchanging.add(name);
    try {
      await this.#swap.exchange(name, successor ?? (await this.programs.reload(name)));
      return this.#plugin(name) as unknown as AnyPlugin;
    } catch (failure) {
      this.#exchanging.delete(name);
      throw failure;
    }
  }

  #plugin(name: string) {
    return definePlugin({
      name,
      needs: ['kernel'],
      start: ({ scope, use: { kernel } }) => {
        scope.use(`service ${name}`, () => () => this.#unloaded(kernel, name));
        return {};
      },
    });
  }

  /** Unloading a service ends it; what a swap unloads is only the old listing. */
  #unloaded(service: KernelService, name: string): void {
    if (this.#exchanging.delete(name)) return;
    const context = this.#contexts.get(name);
    this.#contexts.delete(name);
    if (context && context.state !== 'dead') service.outside(() => service.kernel.kill(context));
  }

  #ended(context: Context): void {
    for (const [name, known] of this.#contexts) {
      if (known !== context) continue;
      this.#contexts.delete(name);
      this.#list(() => (this.#contexts.has(name) ? undefined : this.machine.plugins.unload(name)));
    }
  }

  #list(act: () => Promise<unknown> | undefined): void {
    this.#listing = this.#listing.then(act).catch(() => undefined);
  }
}

function hostTimer(ms: number, fire: () => void): () => void {
  const timer = setTimeout(fire, ms);
  return () => clearTimeout(timer);
}
