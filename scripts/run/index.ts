import { randomFillSync } from 'node:crypto';
import { isatty } from 'node:tty';
import type { ReadStream, WriteStream } from 'node:tty';
import { createCpu } from '../../core/cpu/index.js';
import { Machine } from '../../core/machine/machine.js';
import { planned } from '../../core/plugin/plugin-host.js';
import { pic8259 } from '../../plugins/devices/pic8259/index.js';
import { pit8254 } from '../../plugins/devices/pit8254/index.js';
import { kernelPlugin } from '../../plugins/kernel/index.js';
import type { KernelService } from '../../plugins/kernel/index.js';
import { LinuxAbi } from '../../plugins/kernel/linux-abi/abi.js';
import { TerminalFile, terminalKey } from '../../plugins/kernel/linux-abi/files/terminal-file.js';
import { StreamFile } from '../../plugins/kernel/linux-abi/files/stream-file.js';
import type { OpenFile } from '../../plugins/kernel/linux-abi/files/open-file.js';
import { ProcessSource } from '../../plugins/kernel/linux-abi/process/proc-source.js';
import { startFirstProcess } from '../../plugins/kernel/linux-abi/process/first-process.js';
import { LinuxSystem } from '../../plugins/kernel/linux-abi/system.js';
import { createGuestTree } from '../../plugins/kernel/linux-abi/vfs/guest-tree.js';
import type { GuestTree } from '../../plugins/kernel/linux-abi/vfs/guest-tree.js';
import { foreign } from '../../plugins/kernel/linux-abi/vfs/types.js';
import { nameOfText } from '../../plugins/kernel/linux-abi/vfs/names.js';
import type { RunOptions } from '../cli/options.js';
import { openHostTerminal } from './host-terminal.js';
import type { HostTerminal } from './host-terminal.js';
import { HostInput, HostOutput } from './host-streams.js';

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
  #terminal: HostTerminal | undefined;
  #input: HostInput | undefined;
  readonly #outputs: HostOutput[] = [];
  #tree: GuestTree | undefined;
  #service: KernelService | undefined;

  constructor(private readonly options: RunOptions) {
    this.#machine = new Machine({ ramMiB: options.memoryMiB }, createCpu);
  }

  async finish(): Promise<number> {
    await this.#load();
    const status = this.#start();
    this.#machine.start();
    const ended = await Promise.race([status, this.#machine.finished.then((end) => end.status)]);
    await Promise.all(this.#outputs.map((output) => output.flush()));
    return ended;
  }

  async close(): Promise<void> {
    this.#terminal?.restore();
    this.#input?.close();
    await this.#machine.close();
    this.#tree?.close();
  }

  async #load(): Promise<void> {
    await this.#machine.plugins.loadAll([
      planned(pic8259, {}),
      planned(pit8254, {}),
      planned(kernelPlugin, { abis: [(pads) => new LinuxAbi(pads)] }),
    ]);
    this.#service = this.#machine.plugins.service('kernel');
  }

  #start(): Promise<number> {
    const service = this.#service;
    if (!service) throw new Error('the kernel did not load');
    const { kernel } = service;
    let system: LinuxSystem | undefined;
    this.#tree = createGuestTree({
      program: this.options.program,
      mounts: this.options.mounts,
      devices: {
        random: (into) => void randomFillSync(into),
        terminal: () => (this.#terminal ? foreign(new TerminalFile(this.#terminal.terminal)) : undefined),
      },
      processes: new ProcessSource(() => system, service),
      nowNs: () => BigInt(Math.floor(kernel.parts.bootTimeNs + kernel.nowNs())),
    });
    system = new LinuxSystem({
      kernel,
      schemes: service.schemes,
      vfs: this.#tree.vfs,
      log: (line) => this.#log(line),
    });
    const ended = this.#watch(system);
    startFirstProcess(system, {
      abi: service.abis.get('linux') ?? kernel.idle.abi,
      program: this.#tree.program,
      argv: [this.options.program, ...this.options.args].map(nameOfText),
      environment: environmentOf(this.options).map(nameOfText),
      cwd: nameOfText(this.options.cwd ?? '/'),
      files: this.#standardFiles(system),
      terminal: this.#terminal?.terminal,
    });
    return ended;
  }

  #watch(system: LinuxSystem): Promise<number> {
    return new Promise((resolve) => {
      system.table.onFirstExit = (status) => {
        resolve(status.kind === 'exited' ? status.code : SIGNAL_STATUS_BASE + status.signal);
        this.#machine.powerOff();
      };
    });
  }

  /** Three descriptors: the terminal where all is a terminal, plain streams otherwise. */
  #standardFiles(system: LinuxSystem): OpenFile[] {
    const wake = (key: string) => {
      void this.#machine.atBorder(() => void system.kernel.waits.wake(key));
      this.#machine.wake();
    };
    const interactive = isatty(0) && isatty(1);
    if (interactive) this.#terminal = this.#openTerminal(system, () => wake(terminalKey));
    const terminal = this.#terminal && new TerminalFile(this.#terminal.terminal);
    this.#input = new HostInput(process.stdin, 'pipe:[host 0]', () => wake('host:pipe:[host 0]'));
    const output = (sink: WriteStream, fd: number) => {
      const stream = new HostOutput(sink, `pipe:[host ${fd}]`, () => wake(`host:pipe:[host ${fd}]`));
      this.#outputs.push(stream);
      return new StreamFile(stream);
    };
    return [
      terminal ?? new StreamFile(this.#input),
      terminal ?? output(process.stdout, 1),
      terminal && isatty(2) ? terminal : output(process.stderr, 2),
    ];
  }

  #openTerminal(system: LinuxSystem, changed: () => void): HostTerminal {
    return openHostTerminal(process.stdin as ReadStream, process.stdout, {
      signalGroup: (pgid, signal) => {
        for (const target of system.table.group(pgid))
          system.table.sendToProcess(target, { signal, code: SI_KERNEL });
      },
      changed,
      nowNs: () => system.kernel.nowNs(),
    });
  }

  #log(line: string): void {
    process.stderr.write(`halfcell: ${line}${this.#terminal ? '\r' : ''}\n`);
  }
}

const SI_KERNEL = 128;

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
