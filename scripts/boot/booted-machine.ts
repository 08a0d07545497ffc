import { CONSOLE_ONCE_ENV } from '../../core/abi/engine.js';
import { createCpu } from '../../core/cpu/index.js';
import { Machine } from '../../core/machine/machine.js';
import { HostError } from '../../core/errors/host-error.js';
import { planned } from '../../core/plugin/plugin-host.js';
import { createIsolateBackend } from '../../plugins/kernel/isolates/index.js';
import type { IsolateBackend, IsolateExit, IsolateLoad } from '../../plugins/kernel/isolates/index.js';
import { startFirstIsolate } from '../../plugins/kernel/isolates/first-isolate.js';
import { IsolateEngines } from '../../plugins/kernel/isolates/isolate-engine.js';
import { kernelPlugin, undefinedOpcodes } from '../../plugins/kernel/index.js';
import type { KernelService } from '../../plugins/kernel/index.js';
import type { Context } from '../../plugins/kernel/contexts/context.js';
import type { Prebuilt } from '../assets/prebuilt.js';
import type { BootOptions } from '../cli/options.js';
import { guestAbis } from '../machines/guest-abis.js';
import { kernelView } from '../repl/index.js';
import type { CommandResult, GuestConsole, Session } from '../repl/index.js';
import { serveGdb } from '../debug/serve-gdb.js';
import type { GdbServer } from '../debug/serve-gdb.js';
import { SerialConsole } from './console.js';
import { devicePlans, findDevice } from './devices.js';
import { buildImage } from './image.js';
import { mountFolders } from './mounts.js';
import { Programs } from './programs.js';
import { schemeNames } from './scheme-names.js';
import { ServicePlugins } from './service-plugins.js';
import { CommandRunner } from './run-command.js';
import { settled } from './settled.js';
import { watchSources } from './watch.js';
import { startWatchdog } from './watchdog.js';

/** Ctrl-D. */
const END_OF_INPUT = Uint8Array.of(4);
const TELL_MS = 200;
const FIRST_PROGRAM = 'procmgr';
const FIRST_PROGRAM_MIB = 64;
const MAX_BUSY_NS = 10_000_000_000n;

export interface MachineParts {
  readonly programs?: Programs;
  /** A program may compute for this long without asking the kernel for anything. */
  readonly maxBusyNs?: bigint;
}

/** A machine with services in isolates, from its description to its end. */
export class BootedMachine {
  readonly machine: Machine;
  readonly #console: SerialConsole;
  readonly #programs: Programs;
  readonly #maxBusyNs: bigint;
  readonly services: ServicePlugins;
  #backend: IsolateBackend | undefined;
  #stopWatchdog: () => void = () => undefined;
  #unmount: () => void = () => undefined;
  #stopWatching: () => Promise<void> = async () => undefined;
  #timeout: NodeJS.Timeout | undefined;
  #gdb: GdbServer | undefined;
  lostIsolates = 0;

  constructor(
    private readonly options: BootOptions,
    private readonly prebuilt?: Prebuilt,
    { programs = new Programs(), maxBusyNs = MAX_BUSY_NS }: MachineParts = {},
  ) {
    this.#programs = programs;
    this.#maxBusyNs = maxBusyNs;
    const clock = options.deterministic ? 'virtual' : 'real';
    this.machine = new Machine({ ramMiB: options.machine.memoryMiB, clock }, (cpu) =>
      createCpu({ ...cpu, prebuilt: prebuilt?.code, tier: options.tier, model: options.machine.cpu }),
    );
    this.services = new ServicePlugins(this.machine, programs);
    this.#console = new SerialConsole(() => this.machine.wake());
  }

  /** V8 isolates that are alive. */
  get isolates(): number {
    return this.#backend?.running.length ?? 0;
  }

  async start(): Promise<Session> {
    const [image] = await Promise.all([
      buildImage(this.options.machine.image, this.options.exec !== undefined, this.options.mounts),
      this.#programs.loadAll(),
    ]);
    const backend = (this.#backend = await createIsolateBackend());
    const isolates = new IsolateEngines({
      backend,
      program: (name) => this.#programs.find(name),
      report: (context, exit) => this.#report(context, exit),
      attached: (context, { name }) => this.services.attached(context, name),
    });
    const service = await this.#load(isolates);
    this.services.connect(service, isolates);
    const mounted = mountFolders(service, this.options.mounts);
    this.#unmount = () => mounted.close();
    const first = startFirstIsolate(service, isolates, {
      program: FIRST_PROGRAM,
      memoryLimitMiB: FIRST_PROGRAM_MIB,
      argv: [FIRST_PROGRAM],
      env: this.#environment(),
      image,
      schemes: mounted.roots,
    });
    service.kernel.onExit.add((context) => context === first && this.#lostFirst());
    this.#guard(backend);
    const session = this.#session(service, isolates, first);
    const { gdb, script } = this.options;
    if (gdb) this.#gdb = await serveGdb(this.machine, service, gdb, session.view);
    const flush = () => this.#console.flush();
    this.machine.finished.then(flush, flush);
    if (this.options.watch) await this.#watch();
    this.machine.start({ held: gdb?.wait || script?.held || false });
    return session;
  }

  async #watch(): Promise<void> {
    const { machine, services } = this;
    const tell = (line: string) =>
      void process.stderr.write(`halfcell: ${line}${process.stderr.isTTY ? '\r' : ''}\n`);
    const { devices } = this.options.machine;
    this.#stopWatching = await watchSources({ machine, devices, services, programs: this.#programs, tell });
  }

  async close(): Promise<void> {
    await this.#stopWatching();
    await this.#gdb?.close();
    clearTimeout(this.#timeout);
    this.#stopWatchdog();
    this.#console.flush();
    await this.machine.close();
    this.#unmount();
    const shutdown = await this.#backend?.shutdown();
    this.lostIsolates = shutdown?.mustSigkill ? Math.max(1, this.#backend?.catastrophes ?? 1) : 0;
  }

  async #load(isolates: IsolateEngines): Promise<KernelService> {
    const { plugins } = this.machine;
    await plugins.loadAll([
      ...(await devicePlans(this.options.machine.devices, this.#console.line)),
      planned(kernelPlugin, {
        isolates,
        abis: guestAbis,
        packedImage: this.prebuilt?.image,
        onStop: (reason, status) => this.#stopped(reason, status),
      }),
      planned(undefinedOpcodes, {}),
    ]);
    const service = plugins.service('kernel');
    if (!service) throw new Error('the kernel did not load');
    return service;
  }

  #environment(): Record<string, string> {
    const { exec, readsInput } = this.options;
    if (exec !== undefined) return { EXEC_COMMAND: exec };
    return readsInput ? { [CONSOLE_ONCE_ENV]: '1', TERM: 'dumb' } : {};
  }

  #session(service: KernelService, isolates: IsolateEngines, first: Context): Session {
    const commands = new CommandRunner(service, first);
    const off = this.machine.finished.then(() =>
      Promise.reject<CommandResult>(new HostError('MACHINE_STATE', 'run a command', 'off')),
    );
    off.catch(() => undefined);
    return {
      machine: this.machine,
      up: settled(service.kernel, this.machine.finished),
      kernel: service,
      view: kernelView(service, schemeNames(service, isolates)),
      console: this.options.readsInput ? this.#endingConsole() : this.#console,
      findPlugin: async (name) => (await this.services.prepareSwap(name)) ?? findDevice(name),
      run: (command) => Promise.race([commands.run(command), off]),
    };
  }

  /** Its end of input is that of the guest: whoever reads the console is told, one after the other. */
  #endingConsole(): GuestConsole {
    const console = this.#console;
    const tell = () => console.line.waitingBytes === 0 && console.type(END_OF_INPUT);
    return {
      type: (bytes) => console.type(bytes),
      onOutput: (listener) => console.onOutput(listener),
      end: () => {
        const timer = setInterval(tell, TELL_MS);
        this.machine.finished.finally(() => clearInterval(timer)).catch(() => undefined);
      },
    };
  }

  /** What must not go on for ever: programs that only compute, and the machine itself after --timeout. */
  #guard(backend: IsolateBackend): void {
    this.#stopWatchdog = startWatchdog({
      running: () => backend.running,
      overruns: ({ spellNs }) => spellNs > this.#maxBusyNs,
      onKill: (load) => this.#killed(load),
    });
    const { timeoutS, exec } = this.options;
    if (exec !== undefined) this.#console.onOutput((bytes) => void process.stdout.write(bytes));
    if (timeoutS === undefined) return;
    this.#timeout = setTimeout(() => {
      process.stderr.write(`halfcell: switched off after ${timeoutS} s\n`);
      this.machine.powerOff(124);
    }, timeoutS * 1000);
  }

  #killed({ process: killed }: IsolateLoad): void {
    this.machine.plugins
      .service('kernel')
      ?.kernel.log.write(`watchdog: program in slot ${killed.slot} was ended\n`);
  }

  #stopped(reason: 'shutdown' | 'reset' | 'panic', status: number): void {
    if (reason === 'panic') {
      const log = this.machine.plugins.service('kernel')?.kernel.log.read() ?? new Uint8Array();
      process.stderr.write(
        `halfcell: the kernel gave up: ${Buffer.from(log).toString().trim().split('\n').at(-1)}\n`,
      );
    }
    this.machine.powerOff(status);
  }

  /** Nobody can start or end a process any more. */
  #lostFirst(): void {
    process.stderr.write(`halfcell: ${FIRST_PROGRAM} has ended, the machine cannot go on\n`);
    this.machine.powerOff(1);
  }

  #report(context: Context, { kind, message = '', stack }: IsolateExit): void {
    const text = `${context.name} (context ${context.id}) ${kind}: ${message}\n`;
    const service = this.machine.plugins.service('kernel');
    service?.kernel.log.write(stack === undefined ? text : `${text}${stack}\n`);
    if (process.env['HALFCELL_DEBUG']) process.stderr.write(`${text}${stack ?? ''}\n`);
  }
}
