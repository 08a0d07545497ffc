import { HostError } from '../errors/host-error.js';
import { Claims } from '../lifecycle/claims.js';
import { Scope } from '../lifecycle/scope.js';
import type { ScopedService, ServiceName, Services } from './plugin.js';

/** Services by name: those of the machine, and those that plugins provide. */
export class ServiceRegistry {
  readonly #claims = new Claims<ServiceName, object>({
    overlaps: (a, b) => a === b,
    refuse: (name, held) => new HostError('PROVIDED_TWICE', name, held.scope.name),
  });

  constructor(builtIn: Partial<Services>) {
    const machine = new Scope('machine');
    for (const name of Object.keys(builtIn) as ServiceName[]) {
      const service = builtIn[name];
      if (service) this.provide(machine, name, service);
    }
  }

  provide(scope: Scope, name: ServiceName, service: object): void {
    scope.use(`service ${name}`, () => this.#claims.take(scope, name, service));
  }

  /** The view that a plugin with this scope has. Throws NEED_MISSING. */
  viewFor(scope: Scope, name: ServiceName): object {
    const service = this.find(name, scope);
    if (!service) throw new HostError('NEED_MISSING', scope.name, name);
    return isScoped(service) ? service.inScope(scope) : service;
  }

  find(name: ServiceName, viewer?: Scope): object | undefined {
    return this.#claims.find((other) => other === name, viewer);
  }

  /** The plugin that provides it, or 'machine'; undefined when nobody does. */
  providerOf(name: ServiceName): string | undefined {
    return this.#claims.inForce.find((claim) => claim.where === name)?.scope.name;
  }
}

function isScoped(service: object): service is ScopedService<object> {
  return 'inScope' in service;
}
