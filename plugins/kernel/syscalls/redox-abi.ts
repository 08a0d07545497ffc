import { Errno } from '../../../core/abi/errno.js';
import { syscalls } from '../../../core/abi/syscalls.js';
import type { Context } from '../contexts/context.js';
import type { Outcome } from '../contexts/outcome.js';
import type { Abi, Handler } from '../gate/abi.js';
import type { PadTable } from '../gate/pads.js';
import { FrameLayout } from '../image/layout.js';
import type { Kernel } from '../kernel.js';
import { call } from './call.js';
import { fchown, fcntl, fevent, flink, fpath, frename, fstat, fsync } from './file.js';
import { futex } from './futex.js';
import { fmap, funmap, mprotect, mremap } from './memory.js';
import { close, dup2, dup_into, openat_into, unlinkat } from './open.js';
import { handlerPlace } from './places.js';
import { clock_gettime, nanosleep, yield_ } from './time.js';
import { lseek, read, read2, write, write2 } from './transfer.js';

/** By the names of `core/abi/syscalls.ts`: adding a call is a record there, a handler, a line here. */
export const redoxHandlers: Readonly<Record<string, Handler>> = {
  openat_into, unlinkat, close, dup_into, dup2, read, read2, write, write2, lseek, fchown, fcntl, fevent, call,
  fmap, funmap, mremap, flink, frename, fpath, fstat, fsync, clock_gettime, futex, mprotect, nanosleep, yield: yield_,
}; // prettier-ignore

/** Epoch E of the Redox system calls. */
export class RedoxAbi implements Abi {
  readonly name = 'redox';
  readonly #pads = new Map<number, number>();
  readonly #handlers: Handler[] = [];

  constructor(pads: PadTable) {
    for (const { name, number, args } of syscalls) {
      const source = handlerPlace(name);
      const pad = pads.add({ name, source, parameters: args.map((argument) => argument.name) });
      this.#pads.set(number, pad);
      const handler = redoxHandlers[name];
      if (handler) this.#handlers[pad] = handler;
    }
  }

  padOf(number: number): number | undefined {
    return this.#pads.get(number);
  }

  handlerOf(pad: number): Handler | undefined {
    return this.#handlers[pad];
  }

  unknown(kernel: Kernel, context: Context, number: number): void {
    kernel.log.write(`${context.name}: unknown system call 0x${number.toString(16)}\n`);
  }

  /** Redox's programs catch no exceptions: the context dies, its record says why. */
  exception(kernel: Kernel, context: Context, vector: number, errorCode: number, address: number): Outcome {
    const rip = kernel.guest(context).frame(FrameLayout.rip).toString(16);
    kernel.log.write(
      `${context.name} (context ${context.id}): exception ${vector} at 0x${rip}, error code 0x${errorCode.toString(16)}, address 0x${address.toString(16)}\n`,
    );
    context.exception = { vector, errorCode, address };
    context.killed = true;
    return -Errno.EFAULT;
  }
}
