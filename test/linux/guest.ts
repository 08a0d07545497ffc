import { createCpu } from '../../core/cpu/index.js';
import type { CpuOptions } from '../../core/cpu/index.js';
import { Machine } from '../../core/machine/machine.js';
import { planned } from '../../core/plugin/plugin-host.js';
import { pic8259 } from '../../plugins/devices/pic8259/index.js';
import { pit8254 } from '../../plugins/devices/pit8254/index.js';
import type { Outcome } from '../../plugins/kernel/contexts/outcome.js';
import type { Caller, UserBuffer } from '../../plugins/kernel/files/description.js';
import { kernelPlugin } from '../../plugins/kernel/index.js';
import type { KernelService } from '../../plugins/kernel/index.js';
import { LinuxAbi } from '../../plugins/kernel/linux-abi/abi.js';
import { anonymousStat } from '../../plugins/kernel/linux-abi/files/anonymous-stat.js';
import type { OpenFile } from '../../plugins/kernel/linux-abi/files/open-file.js';
import { startFirstProcess } from '../../plugins/kernel/linux-abi/process/first-process.js';
import { ProcessSource } from '../../plugins/kernel/linux-abi/process/proc-source.js';
import type { WaitStatus } from '../../plugins/kernel/linux-abi/process/process.js';
import { LinuxSystem } from '../../plugins/kernel/linux-abi/system.js';
import { createGuestTree } from '../../plugins/kernel/linux-abi/vfs/guest-tree.js';
import type { GuestTree, MountRequest } from '../../plugins/kernel/linux-abi/vfs/guest-tree.js';
import { FileType } from '../../plugins/kernel/linux-abi/vfs/flags.js';

export interface GuestProgram {
  /** Host path of a static ELF file. */
  readonly program: string;
  readonly args?: readonly string[];
  readonly environment?: readonly string[];
  readonly mounts?: readonly MountRequest[];
  readonly timeoutMs?: number;
  /** Which tiers the processor has, and when it uses the second. */
  readonly cpu?: Pick<CpuOptions, 'tier' | 'tierTwo'>;
}

export interface GuestResult {
  /** Exit status, or 128 + signal. Undefined: it did not end in time. */
  readonly status: number | undefined;
  readonly stdout: string;
  /** What the kernel had to say. */
  readonly log: readonly string[];
  /** Contexts that are left when the program has ended. */
  readonly contextsLeft: number;
  /** Frames in use before the program started and after it. */
  readonly frames: { readonly before: number; readonly after: number };
}

/** Standard output of the guest as text; reads are at their end. */
class Captured implements OpenFile {
  readonly seekable = false;
  readonly text = 'pipe:[1]';
  readonly parts: Uint8Array[] = [];

  read(): Outcome {
    return 0;
  }

  write(_caller: Caller, from: UserBuffer): Outcome {
    this.parts.push(from.read());
    return from.length;
  }

  stat() {
    return anonymousStat(FileType.FIFO | 0o600, 1);
  }

  poll() {
    return { events: 0x145, keys: [] };
  }
}

/** Runs one program as process 1 of a machine of its own, its working directory an empty /tmp. */
export async function runInGuest(asked: GuestProgram): Promise<GuestResult> {
  const machine = new Machine({ ramMiB: 256 }, (cpu) => createCpu({ ...cpu, ...asked.cpu }));
  const log: string[] = [];
  try {
    await machine.plugins.loadAll([
      planned(pic8259, {}),
      planned(pit8254, {}),
      planned(kernelPlugin, {
        abis: [(pads) => new LinuxAbi(pads)],
        onStop: (reason) => {
          log.push(reason);
          machine.powerOff(255);
        },
      }),
    ]);
    const service = machine.plugins.service('kernel');
    if (!service) throw new Error('the kernel did not load');
    return await runOn(machine, service, asked, log);
  } finally {
    await machine.close();
  }
}

async function runOn(
  machine: Machine,
  service: KernelService,
  asked: GuestProgram,
  log: string[],
): Promise<GuestResult> {
  const { kernel } = service;
  const { system, tree } = createSystem(service, asked, (line) => log.push(line));
  const output = new Captured();
  const ended = new Promise<WaitStatus>((resolve) => (system.table.onFirstExit = resolve));
  const before = kernel.frames.usedFrames;
  startFirstProcess(system, {
    abi: service.abis.get('linux') ?? kernel.idle.abi,
    program: tree.program,
    argv: [asked.program, ...(asked.args ?? [])],
    environment: asked.environment ?? ['PATH=/usr/bin:/bin', 'HOME=/'],
    cwd: '/tmp',
    files: [output, output, new Captured()],
    terminal: undefined,
  });
  machine.start();
  const status = await Promise.race([
    ended,
    machine.finished.then(() => undefined),
    timeout(asked.timeoutMs ?? 50_000),
  ]);
  await machine.pause();
  tree.close();
  return {
    status: status && (status.kind === 'exited' ? status.code : 128 + status.signal),
    stdout: Buffer.concat(output.parts).toString('latin1'),
    log,
    contextsLeft: kernel.contexts.size,
    frames: { before, after: kernel.frames.usedFrames },
  };
}

function createSystem(
  service: KernelService,
  { program, mounts }: GuestProgram,
  log: (line: string) => void,
) {
  const { kernel } = service;
  const made: { system?: LinuxSystem } = {};
  const tree: GuestTree = createGuestTree({
    program,
    mounts: mounts ?? [],
    devices: { random: (into) => void crypto.getRandomValues(into), terminal: () => undefined },
    processes: new ProcessSource(() => made.system, service),
    nowNs: () => BigInt(Math.floor(kernel.parts.bootTimeNs + kernel.nowNs())),
  });
  const system = (made.system = new LinuxSystem({ kernel, schemes: service.schemes, vfs: tree.vfs, log }));
  return { system, tree };
}

const timeout = (ms: number): Promise<undefined> =>
  new Promise((resolve) => setTimeout(() => resolve(undefined), ms).unref());
