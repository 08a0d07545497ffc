import type { TargetMemory, ThreadId } from '../../gdbstub/index.js';
import type { Kernel } from '../../plugins/kernel/kernel.js';
import { USER_END } from '../../plugins/kernel/memory/address-space.js';
import { OutOfFrames } from '../../plugins/kernel/memory/frames.js';
import type { KernelThreads } from './kernel-threads.js';

const PAGE_BYTES = 4096n;

/** Linear memory as a thread sees it. Pages that only wait for their first touch are brought in. */
export class KernelMemory implements TargetMemory {
  constructor(
    private readonly kernel: Kernel,
    private readonly threads: KernelThreads,
  ) {}

  read(thread: ThreadId, address: bigint, length: number): Uint8Array {
    const parts: Uint8Array[] = [];
    for (const [at, count] of pieces(address, length)) {
      const bytes = this.#bringIn(thread, at)
        ? this.kernel.memory.readLinear(at, count, this.#root(thread, at))
        : undefined;
      if (!bytes) break;
      parts.push(bytes);
    }
    return Buffer.concat(parts);
  }

  write(thread: ThreadId, address: bigint, bytes: Uint8Array): boolean {
    const places = [...pieces(address, bytes.length)];
    if (!places.every(([at]) => this.#bringIn(thread, at, true))) return false;
    return this.kernel.memory.writeLinear(address, bytes, this.#root(thread, address));
  }

  #root(thread: ThreadId, address: bigint): bigint {
    if (address >= BigInt(USER_END)) return this.kernel.cpu.registers.cr3;
    const root = this.threads.spaceOf(thread)?.table.root;
    return root === undefined ? this.kernel.cpu.registers.cr3 : BigInt(root);
  }

  /** A page to be written must be the program's own before: breakpoints in shared code are no business of others. */
  #bringIn(thread: ThreadId, address: bigint, write = false): boolean {
    if (address >= BigInt(USER_END)) return true;
    const space = this.threads.spaceOf(thread);
    const linear = Number(address);
    const mapped = space?.table.lookup(linear - (linear % Number(PAGE_BYTES)));
    if (!space || (mapped && (!write || mapped.write))) return true;
    try {
      return (
        space.fault(linear, { write: write && (space.find(linear)?.write ?? false), execute: false }) === 0
      );
    } catch (failure) {
      if (failure instanceof OutOfFrames) return false;
      throw failure;
    }
  }
}

/** The range cut at page borders. */
function* pieces(address: bigint, length: number): Generator<[bigint, number]> {
  for (let done = 0; done < length;) {
    const at = address + BigInt(done);
    const count = Math.min(length - done, Number(PAGE_BYTES - (at % PAGE_BYTES)));
    yield [at, count];
    done += count;
  }
}
