import type { EngineHeader } from '../../../core/abi/engine.js';
import { ExtensionSchemeOp } from '../../../core/abi/scheme-protocol.js';
import type { CarriedService } from '../../../core/abi/scheme-protocol.js';
import { HostError } from '../../../core/errors/host-error.js';
import type { Context } from '../contexts/context.js';
import type { KernelService } from '../plugin.js';
import type { Answer } from '../schemes/user/request.js';
import type { UserScheme } from '../schemes/user/user-scheme.js';
import type { BuiltProgram, IsolateEngine, IsolateEngines } from './isolate-engine.js';
import type { IsolateExit } from './isolate-process.js';

/** A server answers for its state, and a successor takes its first request, within this time of the host. */
const PATIENCE_MS = 5000;
const CARRY_PIECE_BYTES = 65_536;

export interface SwapParts {
  readonly service: KernelService;
  readonly isolates: IsolateEngines;
  /** Calls back after so much time of the host, which a service that hangs does not hold up; answers the undo. */
  readonly after: (ms: number, fire: () => void) => () => void;
}

/**
 * Exchanges the program of a running service in the same context: its descriptors, its scheme and its clients' requests
 * stay. Clients notice a pause at most. When the successor does not come up, the program that ran before takes over with
 * the state it had handed out, and the exchange fails with START_FAILED.
 */
export class ServiceSwap {
  constructor(private readonly parts: SwapParts) {}

  async exchange(name: string, successor: BuiltProgram): Promise<void> {
    const { context, engine, scheme } = this.#find(name);
    scheme.requests.hold();
    try {
      const carried = await this.#collect(name, scheme);
      const header = withState(engine.header, context, carried);
      const failure = await this.#install(context, scheme, successor, header);
      if (!failure) return;
      await this.#install(context, scheme, engine.program, header);
      throw new HostError('START_FAILED', name, failure.message ?? failure.kind);
    } finally {
      // Not before: until the program before is back, the end of its successor must not end the context.
      this.parts.isolates.settle(context);
      this.parts.service.outside(() => scheme.requests.letGo());
    }
  }

  #find(name: string): { context: Context; engine: IsolateEngine; scheme: UserScheme } {
    const { service, isolates } = this.parts;
    for (const context of service.kernel.listContexts()) {
      const engine = isolates.engineOf(context);
      const scheme = engine?.header.name === name ? service.schemes.manager.servedBy(context) : undefined;
      if (engine && scheme) return { context, engine, scheme };
    }
    throw new HostError('CONFIG', `no service ${name} is running`, 'look at ps() for those that are');
  }

  /** The server's state as JSON text, asked for piece by piece over its own socket. */
  async #collect(name: string, scheme: UserScheme): Promise<CarriedService> {
    const pieces: Uint8Array[] = [];
    for (let offset = 0; ;) {
      const { bytes, result } = await this.#within(name, this.#ask(scheme, offset));
      if (!bytes || result < 0) throw new HostError('START_FAILED', name, 'it cannot hand its state over');
      if (bytes.length === 0) break;
      pieces.push(bytes);
      offset += bytes.length;
    }
    return JSON.parse(Buffer.concat(pieces).toString('utf8')) as CarriedService;
  }

  #ask(scheme: UserScheme, offset: number): Promise<Answer> {
    return new Promise((resolve) => {
      const message = {
        opcode: ExtensionSchemeOp.CARRY,
        args: [offset],
        accept: CARRY_PIECE_BYTES,
        answered: resolve,
      };
      this.parts.service.outside(() => void scheme.requests.send(message, 0));
    });
  }

  /** Starts the program in the service's context; undefined once it serves, or how it ended before. */
  #install(
    context: Context,
    scheme: UserScheme,
    program: BuiltProgram,
    header: EngineHeader,
  ): Promise<IsolateExit | undefined> {
    const started = new Promise<IsolateExit | undefined>((resolve) => {
      this.#whenIdle(context, () => {
        this.parts.isolates.exchange(this.parts.service.kernel, context, { program, header, onEnd: resolve });
        // Not before: the program before asks for messages too, until it is exchanged.
        scheme.requests.onReceive = () => resolve(undefined);
      });
    });
    return this.#settle(started).finally(() => (scheme.requests.onReceive = () => undefined));
  }

  /** A context whose stack the processor uses at this moment is exchanged a little later. */
  #whenIdle(context: Context, act: () => void): void {
    const { service } = this.parts;
    service.outside(() => {
      if (!service.kernel.stackInUse(context)) return act();
      setImmediate(() => this.#whenIdle(context, act));
    });
  }

  #within<T>(name: string, work: Promise<T>): Promise<T> {
    const late = new HostError('START_FAILED', name, `it did not answer within ${PATIENCE_MS / 1000} s`);
    return this.#race(work, (_resolve, reject) => reject(late));
  }

  #settle(work: Promise<IsolateExit | undefined>): Promise<IsolateExit | undefined> {
    const message = `it did not serve within ${PATIENCE_MS / 1000} s`;
    return this.#race(work, (resolve) => resolve({ kind: 'killed', message }));
  }

  #race<T>(
    work: Promise<T>,
    late: (resolve: (value: T) => void, reject: (error: unknown) => void) => void,
  ): Promise<T> {
    let undo = (): void => undefined;
    const timeout = new Promise<T>((resolve, reject) => {
      undo = this.parts.after(PATIENCE_MS, () => late(resolve, reject));
    });
    return Promise.race([work, timeout]).finally(() => undo());
  }
}

function withState(header: EngineHeader, context: Context, carried: CarriedService): EngineHeader {
  const fds = (context.files?.entries() ?? []).map(([fd]) => fd);
  return { ...header, start: { ...header.start, fds, carried } };
}
