import type { TargetMemory, ThreadId } from '../../gdbstub/index.js';
import type { Kernel } from '../../plugins/kernel/kernel.js';
import { USER_END } from '../../plugins/kernel/memory/address-space.js';
import { rootOf } from './kernel-registers.js';
import type { KernelThreads } from './kernel-threads.js';

const PAGE_BYTES = 4096n;

/** Linear memory as a thread sees it. Pages that only wait for their first touch are brought in. */
export class KernelMemory implements TargetMemory {
  constructor(
    private readonly kernel: Kernel,
    private readonly threads: KernelThreads,
  ) {}

  read(thread: ThreadId, address: bigint, length: number): Uint8Array {
    const root = this.#root(thread);
    const parts: Uint8Array[] = [];
    for (const [at, count] of pieces(address, length)) {
      this.#bringIn(thread, at);
      const bytes = this.kernel.memory.readLinear(at, count, root);
      if (!bytes) break;
      parts.push(bytes);
    }
    return Buffer.concat(parts);
  }

  write(thread: ThreadId, address: bigint, bytes: Uint8Array): boolean {
    for (const [at] of pieces(address, bytes.length)) this.#bringIn(thread, at, true);
    return this.kernel.memory.writeLinear(address, bytes, this.#root(thread));
  }

  #root(thread: ThreadId): bigint {
    if (thread === this.threads.current) return this.kernel.cpu.registers.cr3;
    return rootOf(this.kernel, this.threads.contextOf(thread));
  }

  /** A page to be written must be the program's own before: breakpoints in shared code are no business of others. */
  #bringIn(thread: ThreadId, address: bigint, write = false): void {
    if (address >= BigInt(USER_END)) return;
    const { space } = this.threads.contextOf(thread);
    const linear = Number(address);
    const mapped = space?.table.lookup(linear - (linear % Number(PAGE_BYTES)));
    if (space && (!mapped || (write && !mapped.write)))
      space.fault(linear, { write: write && (space.find(linear)?.write ?? false), execute: false });
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
