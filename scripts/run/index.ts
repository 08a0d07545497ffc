import { HostError } from '../../core/errors/host-error.js';
import { createCpu } from '../../core/cpu/index.js';
import { Machine } from '../../core/machine/machine.js';
import { planned } from '../../core/plugin/plugin-host.js';
import { pic8259 } from '../../plugins/devices/pic8259/index.js';
import { pit8254 } from '../../plugins/devices/pit8254/index.js';
import { kernelPlugin, undefinedOpcodes } from '../../plugins/kernel/index.js';
import type { KernelService } from '../../plugins/kernel/index.js';
import { ProcessSource } from '../../plugins/kernel/linux-abi/process/proc-source.js';
import type { WaitStatus } from '../../plugins/kernel/linux-abi/process/process.js';
import { LinuxSystem } from '../../plugins/kernel/linux-abi/system.js';
import { createGuestTree } from '../../plugins/kernel/linux-abi/vfs/guest-tree.js';
import type { GuestTree } from '../../plugins/kernel/linux-abi/vfs/guest-tree.js';
import { foreign } from '../../plugins/kernel/linux-abi/vfs/types.js';
import type { Prebuilt } from '../assets/prebuilt.js';
import type { RunOptions } from '../cli/options.js';
import type { GdbServer } from '../debug/serve-gdb.js';
import { toGdbSignal } from '../debug/signal-numbers.js';
import { guestAbis } from '../machines/guest-abis.js';
import { handSignalsOn } from './guest-signals.js';
import { lastWords } from './last-words.js';
import { hostRandom, seededRandom } from './random.js';
import { StandardFiles } from './standard-files.js';
import { startProgram } from './start-program.js';

const SIGNAL_STATUS_BASE = 128;

/** Runs one program to its end on a machine of its own; answers its exit status, 128 + signal when it was killed. */
export async function runProgram(options: RunOptions, prebuilt?: Prebuilt): Promise<number> {
  if (options.abi === 'redox') {
    throw new HostError(
      'CONFIG',
      '--abi redox is not built for run yet',
      'put the program into the image of halfcell boot',
    );
  }
  const run = new ProgramRun(options, prebuilt);
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
  #gdb: GdbServer | undefined;
  #stopForwarding: () => void = () => undefined;
  #end: (status: number) => void = () => undefined;
  readonly #ended = new Promise<number>((resolve) => (this.#end = resolve));

  constructor(
    private readonly options: RunOptions,
    private readonly prebuilt: Prebuilt | undefined,
  ) {
    const clock = options.deterministic ? 'virtual' : 'real';
    this.#machine = new Machine({ ramMiB: options.memoryMiB, clock }, (cpu) =>
      createCpu({ ...cpu, prebuilt: prebuilt?.code, tier: options.tier, model: options.cpu }),
    );
  }

  /** Puts the program into process 1 and runs the machine; resolves with the status it ends with. */
  async finish(): Promise<number> {
    const service = await this.#load();
    const { tree, system } = this.#createSystem(service);
    this.#standard = new StandardFiles(service, system);
    this.#watch(system);
    if (this.options.strace) await this.#trace(system, service);
    startProgram({ options: this.options, service, system, tree, standard: this.#standard });
    if (this.options.gdb) await this.#serveGdb(service, system);
    this.#stopForwarding = handSignalsOn(this.#machine, { service, system }, (signal) =>
      this.#end(SIGNAL_STATUS_BASE + signal),
    );
    this.#machine.start({ held: this.options.gdb?.wait ?? false });
    return Promise.race([this.#ended, this.#machine.finished.then((end) => end.status)]);
  }

  async close(): Promise<void> {
    this.#stopForwarding();
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
        abis: guestAbis,
        packedImage: this.prebuilt?.image,
        onStop: (reason, code) => this.#stopped(reason, code),
      }),
      planned(undefinedOpcodes, { say: (line) => this.#say(`halfcell: ${line}\n`) }),
    ]);
    const service = plugins.service('kernel');
    if (!service) throw new Error('the kernel did not load');
    return service;
  }

  #createSystem(service: KernelService): { tree: GuestTree; system: LinuxSystem } {
    const { kernel } = service;
    const random = this.options.deterministic ? seededRandom() : hostRandom;
    const made: { system?: LinuxSystem } = {};
    const tree = (this.#tree = createGuestTree({
      program: this.options.program,
      mounts: this.options.mounts,
      devices: {
        random,
        terminal: () => {
          const file = this.#standard?.terminalFile;
          return file && foreign(file);
        },
      },
      processes: new ProcessSource(() => made.system, service),
      nowNs: () => BigInt(Math.floor(kernel.parts.bootTimeNs + kernel.nowNs())),
    }));
    // A trace says by itself what is not built.
    const log = (line: string) => (this.options.strace ? undefined : this.#say(`halfcell: ${line}\n`));
    const system = new LinuxSystem({ kernel, schemes: service.schemes, vfs: tree.vfs, log, random });
    made.system = system;
    return { tree, system };
  }

  async #trace(system: LinuxSystem, { gate }: KernelService): Promise<void> {
    const { traceSystem } = await import('../../plugins/kernel/linux-abi/strace/attach.js');
    traceSystem(system, gate, (text) => this.#say(text));
  }

  async #serveGdb(service: KernelService, system: LinuxSystem): Promise<void> {
    const { gdb } = this.options;
    if (!gdb) return;
    const [{ serveGdb }, { linuxPrograms }] = await Promise.all([
      import('../debug/serve-gdb.js'),
      import('../debug/linux-programs.js'),
    ]);
    this.#gdb = await serveGdb(this.#machine, service, gdb, { programs: linuxPrograms(system) });
  }

  #watch({ table }: LinuxSystem): void {
    table.onKilled = (process, info, context) => {
      const words = process.pid === 1 && lastWords(process, info, context);
      if (words) this.#say(`halfcell: ${words}\n`);
    };
    table.onFirstExit = (status) => {
      this.#gdb?.ended(
        status.kind === 'exited'
          ? { kind: 'exited', status: status.code }
          : { kind: 'killed', signal: toGdbSignal(status.signal) },
      );
      this.#end(statusOf(status));
      this.#machine.powerOff();
    };
  }

  #stopped(reason: string, code: number): void {
    const log = this.#machine.plugins.service('kernel')?.kernel.log.read();
    const text = Buffer.from(log ?? []).toString();
    if (reason === 'panic') this.#say(`halfcell: the kernel gave up: ${text.trim().split('\n').at(-1)}\n`);
    this.#machine.powerOff(code);
  }

  #say(text: string): void {
    process.stderr.write(text.replaceAll('\n', this.#standard?.newline ?? '\n'));
  }
}

const statusOf = (status: WaitStatus): number =>
  status.kind === 'exited' ? status.code : SIGNAL_STATUS_BASE + status.signal;
