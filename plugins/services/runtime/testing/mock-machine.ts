import { decodeEngine, SCHEME_CREATION_ROOT } from '../../../../core/abi/engine.js';
import { Open } from '../../../../core/abi/flags.js';
import { Os } from '../os.js';
import { runMain } from '../program.js';
import { MockKernel } from './mock-kernel.js';
import { MockProc } from './mock-proc.js';
import { MockConsole, MockEvents, MockMemory, MockPipes, MockSys } from './mock-schemes.js';
import { MockSchemeManager } from './mock-user-schemes.js';
import { ContextKilled, MustWait, WaitsForEver } from './mock-types.js';
import type { StartRecord } from '../../../../core/abi/engine.js';
import type { Main } from '../program.js';
import type { Transport } from '../transport.js';
import type { MockContext, MockScheme } from './mock-types.js';

/** Something that serves in the test's own thread: `poll` handles what is there and returns. */
export interface InProcessService {
  poll(): void;
}

/** A program has become a service: its process goes on, its stack does not. */
class Detached {}

interface Pollable {
  serve(): void;
  poll?(): void;
}

class MockOs extends Os {
  constructor(
    transport: Transport,
    start: StartRecord,
    private readonly machine: MockMachine,
  ) {
    super(transport, start);
  }

  override serve(server: Pollable): void {
    if (server.poll) this.machine.services.push({ poll: () => server.poll?.() });
    throw new Detached();
  }
}

/**
 * A machine without threads: a started program runs to its end at once; while a program waits, services are polled. A wait that
 * nothing can end is an error of the test.
 */
export class MockMachine {
  readonly kernel = new MockKernel();
  readonly console = new MockConsole();
  readonly memory = new MockMemory();
  readonly sys = new MockSys();
  readonly manager = new MockSchemeManager(this.kernel, this.memory);
  readonly proc = new MockProc(this.kernel, (context) => this.#run(context));
  readonly services: InProcessService[] = [];
  readonly programs = new Map<string, Main>();
  /** Programs that wait for ever by design, such as init. */
  readonly staying = new Set<string>(['init']);
  readonly #polling = new Set<InProcessService>();

  /** Root capabilities that the kernel gives its first process. */
  readonly roots: readonly MockScheme[] = [
    this.console,
    new MockEvents(),
    this.memory,
    new MockPipes(),
    this.sys,
    this.proc,
  ];

  /** The first process, with every root from descriptor 3 on, and the console on 0, 1 and 2. */
  bootstrap(argv: readonly string[] = ['bootstrap'], files: Readonly<Record<string, Uint8Array>> = {}): Os {
    const context = this.kernel.createContext();
    context.state = 'running';
    const roots: Record<string, number> = {};
    const give = (name: string, scheme: MockScheme, number = 0) => {
      roots[name] = this.kernel.install(
        context,
        3 + Object.keys(roots).length,
        this.kernel.describeOpened(scheme, { number, positioned: scheme === this.memory }, Open.RDWR),
      );
    };
    for (const scheme of this.roots) give(scheme.name, scheme);
    give(SCHEME_CREATION_ROOT, this.manager);
    for (const [name, bytes] of Object.entries(files)) give(name, this.memory, this.memory.create(bytes));
    for (const fd of [0, 1, 2])
      this.kernel.install(context, fd, this.kernel.describeOpened(this.console, { number: 1 }, Open.RDWR));
    return (this.first = this.osFor(context, {
      argv,
      env: {},
      cwd: '/',
      umask: 0o022,
      fds: [0, 1, 2],
      roots,
    }));
  }

  /** The process that `bootstrap` made. */
  first: Os | undefined;

  osFor(context: MockContext, start: StartRecord): Os {
    return new MockOs(this.#transport(context), start, this);
  }

  #transport(context: MockContext): Transport {
    return {
      memory: context.memory,
      syscall: (number, args) => this.#syscall(context, number, args),
    };
  }

  #syscall(context: MockContext, number: number, args: readonly number[]): number {
    for (let tries = 0; ; tries++) {
      if (context.state === 'dead') throw new ContextKilled();
      try {
        return this.kernel.syscall(context, number, args);
      } catch (error) {
        if (!(error instanceof MustWait)) throw error;
        if (tries > 50 || !this.pollServices())
          throw new WaitsForEver(
            `${context.attributes.name}: ${this.kernel.describe(number)} would wait for ever: ${error.message}`,
          );
      }
    }
  }

  /** False when every service is busy already. */
  pollServices(): boolean {
    const idle = this.services.filter((service) => !this.#polling.has(service));
    for (const service of idle) {
      this.#polling.add(service);
      try {
        service.poll();
      } finally {
        this.#polling.delete(service);
      }
    }
    return idle.length > 0;
  }

  #run(context: MockContext): void {
    const engine = decodeEngine(context.engine);
    const main = this.programs.get(engine?.header.program ?? '');
    if (!engine || !main) return this.#end(context, true);
    try {
      const os = this.osFor(context, engine.header.start);
      os.processes.exit(runMain(os, main));
    } catch (error) {
      if (error instanceof ContextKilled || error instanceof Detached) return;
      const waits = error instanceof WaitsForEver;
      if (waits && this.staying.has(engine.header.program ?? '')) return;
      this.#end(context, true);
      if (!waits) throw error;
      this.console.printed += `[${error.message}]\n`;
    }
  }

  #end(context: MockContext, exception: boolean): void {
    this.proc.kill(context);
    context.exception = exception;
    context.forceKilled = false;
  }
}
