import { Errno } from '../../core/abi/errno.js';
import { Open } from '../../core/abi/flags.js';
import { createMachine } from '../../core/machine.js';
import type { Machine } from '../../core/machine/machine.js';
import { kernelPlugin } from '../../plugins/kernel/index.js';
import type { Kernel, KernelService } from '../../plugins/kernel/index.js';
import type { Context } from '../../plugins/kernel/contexts/context.js';
import type { Outcome } from '../../plugins/kernel/contexts/outcome.js';
import type { Description } from '../../plugins/kernel/files/description.js';
import { FileTable } from '../../plugins/kernel/files/file-table.js';
import { SharedUserMemory } from '../../plugins/kernel/memory/user-memory.js';
import { nativeEngine } from '../../plugins/kernel/schemes/proc/authority.js';
import { redoxHandlers } from '../../plugins/kernel/syscalls/redox-abi.js';

const MEMORY_BYTES = 0x2_0000;
const FLOOR = 0x1000;

/** Descriptors of the kernel's own schemes in every test process. */
export const Root = {
  debug: 100,
  event: 101,
  memory: 102,
  pipe: 103,
  time: 104,
  sys: 105,
  proc: 106,
  creation: 107,
} as const;

/** A kernel that stands at its first instruction, and processes whose calls are made by hand. */
export class KernelBench {
  private constructor(
    readonly machine: Machine,
    readonly service: KernelService,
  ) {}

  static async create(): Promise<KernelBench> {
    const machine = createMachine({ ramMiB: 16 });
    await machine.plugins.load(kernelPlugin, {});
    const service = machine.plugins.service('kernel');
    if (!service) throw new Error('no kernel');
    return new KernelBench(machine, service);
  }

  get kernel(): Kernel {
    return this.service.kernel;
  }

  /** A process with root capabilities on 100 and up; `euid` as procmgr would set it. */
  process(euid = 0): TestProcess {
    const context = this.kernel.createContext({
      engine: nativeEngine,
      abi: this.kernel.idle.abi,
      name: 'test',
    });
    if (!context) throw new Error('no context');
    const files = (context.files = new FileTable());
    const { debug, event, memory, pipe, time, sys, proc, manager } = this.service.schemes;
    const roots = [
      debug.root(),
      event.root(),
      memory.root(),
      pipe.root(),
      time.root(),
      sys.root(),
      proc.authority(),
      manager.creationCapability(),
    ];
    roots.forEach((root, index) => files.install(Root.debug + index, root));
    this.kernel.setSpace(context, this.kernel.createSpace());
    context.user = new SharedUserMemory(new SharedArrayBuffer(MEMORY_BYTES), FLOOR);
    context.attributes = { pid: context.id, euid, egid: euid, priority: 20 };
    return new TestProcess(this.kernel, context);
  }

  async close(): Promise<void> {
    await this.machine.close();
  }
}

type CallName = keyof typeof redoxHandlers;

/** Makes calls as a program would: buffers lie in its memory, results are numbers or waits. */
export class TestProcess {
  constructor(
    readonly kernel: Kernel,
    readonly context: Context,
  ) {}

  /** One try of a call. A wait is answered as it is; `retry` makes the same call again. */
  call(name: CallName, ...args: number[]): Outcome {
    this.context.call = { pad: 0, arguments: args, scratch: undefined };
    return this.retry(name, ...args);
  }

  retry(name: CallName, ...args: number[]): Outcome {
    const handler = redoxHandlers[name];
    if (!handler) return -Errno.ENOSYS;
    const outcome = handler(this.kernel, this.context, ...args);
    if (typeof outcome === 'number') this.context.call = undefined;
    return outcome;
  }

  put(pointer: number, bytes: Uint8Array | string): number {
    const data = typeof bytes === 'string' ? Buffer.from(bytes) : bytes;
    this.context.user.write(pointer, data);
    return data.length;
  }

  get(pointer: number, length: number): Buffer {
    return Buffer.from(this.context.user.read(pointer, length));
  }

  /** OPENAT_INTO with the path at 0x1000. */
  open(root: number, path: string, fd: number, flags: number = Open.RDWR): Outcome {
    const length = this.put(FLOOR, path);
    return this.call('openat_into', root, FLOOR, length, flags, 0, fd);
  }

  /** DUP_INTO with the text at 0x1000. */
  dup(fd: number, text: string, newFd: number): Outcome {
    return this.call('dup_into', fd, FLOOR, this.put(FLOOR, text), newFd);
  }

  file(fd: number): Description | undefined {
    return this.context.files?.get(fd);
  }
}
