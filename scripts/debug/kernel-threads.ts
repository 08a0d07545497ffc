import type { Context } from '../../plugins/kernel/contexts/context.js';
import type { AddressSpace } from '../../plugins/kernel/memory/address-space.js';
import { PercpuLayout } from '../../plugins/kernel/image/layout.js';
import type { Kernel } from '../../plugins/kernel/kernel.js';
import type { ThreadId, ThreadInfo, Threads } from '../../gdbstub/index.js';

/** Contexts as threads: thread n is context n - 1, since gdb keeps 0 for "any". */
export class KernelThreads implements Threads {
  constructor(
    private readonly kernel: Kernel,
    /** Whose memory a thread without a program of its own shows. */
    private readonly mainSpace: () => AddressSpace | undefined = () => undefined,
  ) {}

  list(): readonly ThreadInfo[] {
    const { kernel } = this;
    return [kernel.idle, ...kernel.listContexts()].map((context) => ({
      id: threadOf(context),
      name: context.name,
      state: this.#state(context),
    }));
  }

  /** Whose stack and address space the processor has: what the kernel has chosen last takes effect only in `context_switch`. */
  get current(): ThreadId {
    return threadOf(this.running);
  }

  get running(): Context {
    const { kernel } = this;
    const at = kernel.physicalOf(kernel.symbol('percpu')) + PercpuLayout.current;
    const slot = kernel.table.slotOf(kernel.memory.read64(at));
    return kernel.listContexts().find((context) => context.slot === slot) ?? kernel.idle;
  }

  contextOf(thread: ThreadId): Context {
    return this.kernel.contexts.get(thread - 1) ?? this.kernel.idle;
  }

  /** The address space that the thread shows below the kernel's half. */
  spaceOf(thread: ThreadId): AddressSpace | undefined {
    return this.contextOf(thread).space ?? this.mainSpace();
  }

  #state(context: Context): string {
    if (context === this.running) return 'running';
    const call = context.call && this.kernel.parts.pads.nameOf(context.call.pad);
    return call ? `${context.state} in ${call}` : context.state;
  }
}

const threadOf = (context: Context): ThreadId => context.id + 1;
