import { randomFillSync } from 'node:crypto';
import { createCpu } from '../../core/cpu/index.js';
import { Machine } from '../../core/machine/machine.js';
import { planned } from '../../core/plugin/plugin-host.js';
import { pic8259 } from '../../plugins/devices/pic8259/index.js';
import { pit8254 } from '../../plugins/devices/pit8254/index.js';
import { kernelPlugin } from '../../plugins/kernel/index.js';
import type { KernelService } from '../../plugins/kernel/index.js';
import { LinuxAbi } from '../../plugins/kernel/linux-abi/abi.js';
import { ProcessSource } from '../../plugins/kernel/linux-abi/process/proc-source.js';
import { startFirstProcess } from '../../plugins/kernel/linux-abi/process/first-process.js';
import type { WaitStatus } from '../../plugins/kernel/linux-abi/process/process.js';
import { LinuxSystem } from '../../plugins/kernel/linux-abi/system.js';
import { createGuestTree } from '../../plugins/kernel/linux-abi/vfs/guest-tree.js';
import type { GuestTree } from '../../plugins/kernel/linux-abi/vfs/guest-tree.js';
import { foreign } from '../../plugins/kernel/linux-abi/vfs/types.js';
import { nameOfText } from '../../plugins/kernel/linux-abi/vfs/names.js';
import type { RunOptions } from '../cli/options.js';
import type { GdbServer } from '../debug/serve-gdb.js';
import { lastWords } from './last-words.js';
import { StandardFiles } from './standard-files.js';

const SIGNAL_STATUS_BASE = 128;

/** Runs one program to its end on a machine of its own; answers its exit status, 128 + signal when it was killed. */
export async function runProgram(options: RunOptions): Promise<number> {
  const run = new ProgramRun(options);
  try {
    return await run.finish();
  } finally {
    await run.close();
  }
}

class ProgramRun {
  readonly #machine: Machine;
  #standard: StandardFiles | undefined;
  #tree: GuestTree | undefined;
  #system: LinuxSystem | undefined;
  #gdb: GdbServer | undefined;

  constructor(private readonly options: RunOptions) {
    this.#machine = new Machine({ ramMiB: options.memoryMiB }, createCpu);
  }

  async finish(): Promise<number> {
    const service = await this.#load();
    const status = this.#start(service);
    await this.#serveGdb(service);
    this.#machine.start({ held: this.options.gdb?.wait ?? false });
    return Promise.race([status, this.#machine.finished.then((end) => end.status)]);
  }

  async close(): Promise<void> {
    await this.#gdb?.close();
    this.#standard?.close();
    await this.#machine.close();
    this.#tree?.close();
  }

  async #load(): Promise<KernelService> {
    const { plugins } = this.#machine;
    await plugins.loadAll([
      planned(pic8259, {}),
      planned(pit8254, {}),
      planned(kernelPlugin, {
        abis: [(pads) => new LinuxAbi(pads)],
        onStop: (reason, code) => this.#stopped(reason, code),
      }),
    ]);
    const service = plugins.service('kernel');
    if (!service) throw new Error('the kernel did not load');
    return service;
  }

  /** Puts the program into process 1; resolves with the status it ends with. */
  #start(service: KernelService): Promise<number> {
    const system = (this.#system = this.#createSystem(service));
    this.#standard = new StandardFiles(service, system);
    const ended = this.#watch(system);
    startFirstProcess(system, {
      abi: service.abis.get('linux') ?? service.kernel.idle.abi,
      program: (this.#tree as GuestTree).program,
      argv: [this.options.program, ...this.options.args].map(nameOfText),
      environment: environmentOf(this.options).map(nameOfText),
      cwd: nameOfText(this.options.cwd ?? '/'),
      files: this.#standard.files,
      terminal: this.#standard.terminal,
    });
    return ended;
  }

  #createSystem(service: KernelService): LinuxSystem {
    const { kernel } = service;
    const system: { current?: LinuxSystem } = {};
    this.#tree = createGuestTree({
      program: this.options.program,
      mounts: this.options.mounts,
      devices: {
        random: (into) => void randomFillSync(into),
        terminal: () => {
          const file = this.#standard?.terminalFile;
          return file && foreign(file);
        },
      },
      processes: new ProcessSource(() => system.current, service),
      nowNs: () => BigInt(Math.floor(kernel.parts.bootTimeNs + kernel.nowNs())),
    });
    const log = (line: string) => this.#log(line);
    return (system.current = new LinuxSystem({ kernel, schemes: service.schemes, vfs: this.#tree.vfs, log }));
  }

  async #serveGdb(service: KernelService): Promise<void> {
    const { gdb } = this.options;
    if (!gdb || !this.#system) return;
    const [{ serveGdb }, { linuxPrograms }] = await Promise.all([
      import('../debug/serve-gdb.js'),
      import('../debug/program-modules.js'),
    ]);
    this.#gdb = await serveGdb(this.#machine, service, gdb, linuxPrograms(this.#system));
  }

  #watch({ table }: LinuxSystem): Promise<number> {
    table.onKilled = (process, info, context) => {
      const words = process.pid === 1 && lastWords(process, info, context);
      if (words) this.#log(words);
    };
    return new Promise((resolve) => {
      table.onFirstExit = (status) => {
        resolve(statusOf(status));
        this.#machine.powerOff();
      };
    });
  }

  #stopped(reason: string, code: number): void {
    const log = this.#machine.plugins.service('kernel')?.kernel.log.read();
    if (reason === 'panic')
      this.#log(
        `the kernel gave up: ${Buffer.from(log ?? [])
          .toString()
          .trim()
          .split('\n')
          .at(-1)}`,
      );
    this.#machine.powerOff(code);
  }

  #log(line: string): void {
    process.stderr.write(`halfcell: ${line}${this.#standard?.terminal ? '\r' : ''}\n`);
  }
}

const statusOf = (status: WaitStatus): number =>
  status.kind === 'exited' ? status.code : SIGNAL_STATUS_BASE + status.signal;

/** A small environment; what `--env` sets comes on top. */
function environmentOf({ env }: RunOptions): string[] {
  const base = {
    PATH: '/usr/local/bin:/usr/bin:/bin',
    HOME: '/',
    TERM: process.env['TERM'] ?? 'dumb',
    ...env,
  };
  return Object.entries(base).map(([name, value]) => `${name}=${value}`);
}
