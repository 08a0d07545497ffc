import { readFile } from 'node:fs/promises';
import { createCpu } from '../../core/cpu/index.js';
import { HostError } from '../../core/errors/host-error.js';
import { tapIn } from '../../core/hooks/untap.js';
import { startKernel } from '../../core/loader/start-kernel.js';
import { Machine } from '../../core/machine/machine.js';
import { planned } from '../../core/plugin/plugin-host.js';
import { definePlugin } from '../../core/plugin/plugin.js';
import type { Prebuilt } from '../assets/prebuilt.js';
import type { BootOptions } from '../cli/options.js';
import { SerialConsole } from './console.js';
import { devicePlans } from './devices.js';

interface KernelFile {
  readonly path: string;
  readonly bytes: Uint8Array;
  readonly commandLine: string;
}

/** Puts a kernel of its own into the machine, at power-on and at every reset. */
const bareKernel = definePlugin({
  name: 'bare-kernel',
  needs: ['hooks', 'cpu'],

  start({ scope, use }, { path, bytes, commandLine }: KernelFile) {
    tapIn(scope, use.hooks.reset, { name: scope.name }, () => {
      const started = startKernel(use.cpu, bytes, commandLine);
      if (typeof started === 'string')
        throw new HostError('CONFIG', `${path} cannot be started: ${started}`, 'build it as an ELF file');
    });
    return {};
  },
});

/** A machine whose kernel is a file of the host: no services, no image, a serial port. */
export class BareMachine {
  readonly machine: Machine;
  readonly #console: SerialConsole;
  #timeout: NodeJS.Timeout | undefined;

  constructor(
    private readonly options: BootOptions,
    prebuilt?: Prebuilt,
  ) {
    refuseWhatNeedsServices(options);
    const { deterministic, machine, tier } = options;
    this.machine = new Machine(
      { ramMiB: machine.memoryMiB, clock: deterministic ? 'virtual' : 'real' },
      (cpu) => createCpu({ ...cpu, prebuilt: prebuilt?.code, tier, model: machine.cpu }),
    );
    this.#console = new SerialConsole(() => this.machine.wake());
  }

  /** Runs until the guest powers off; the answer is the exit status. */
  async run(output: (bytes: Uint8Array) => void): Promise<number> {
    const { kernelFile, commandLine, devices } = this.options.machine;
    const path = kernelFile!;
    const bytes = await readFile(path);
    await this.machine.plugins.loadAll([
      ...(await devicePlans(devices, this.#console.line)),
      planned(bareKernel, { path, bytes, commandLine: commandLine ?? '' }),
    ]);
    this.#console.onOutput(output);
    this.#limitTime();
    this.machine.start();
    try {
      return (await this.machine.finished).status;
    } finally {
      this.#console.flush();
    }
  }

  type(bytes: Uint8Array): void {
    this.#console.type(bytes);
  }

  async close(): Promise<void> {
    clearTimeout(this.#timeout);
    await this.machine.close();
  }

  #limitTime(): void {
    const { timeoutS } = this.options;
    if (timeoutS === undefined) return;
    this.#timeout = setTimeout(() => {
      process.stderr.write(`halfcell: switched off after ${timeoutS} s\n`);
      this.machine.powerOff(124);
    }, timeoutS * 1000);
  }
}

function refuseWhatNeedsServices({ exec, gdb, repl, script }: BootOptions): void {
  const wanted = [
    [exec, '--exec'],
    [gdb, '--gdb'],
    [repl, '--repl'],
    [script, '--script'],
  ] as const;
  const asked = wanted.find(([value]) => value !== undefined && value !== false);
  if (!asked) return;
  throw new HostError(
    'CONFIG',
    `${asked[1]} needs a machine with our kernel`,
    'leave it out for machine.kernel',
  );
}

/** Serves a bare machine at this terminal. */
export async function bootBareMachine(options: BootOptions, prebuilt?: Prebuilt): Promise<number> {
  const bare = new BareMachine(options, prebuilt);
  const onInput = (bytes: Buffer) => bare.type(bytes);
  const onSignal = () => bare.machine.powerOff(INTERRUPTED);
  process.once('SIGINT', onSignal);
  process.stdin.on('data', onInput);
  process.stdin.unref?.();
  try {
    return await bare.run((bytes) => void process.stdout.write(bytes));
  } finally {
    process.stdin.off('data', onInput);
    process.stdin.pause();
    process.off('SIGINT', onSignal);
    await bare.close();
  }
}

const INTERRUPTED = 130;
