import { BOOT_GLOBAL } from '../../../core/abi/engine.js';
import type { BootGlobal } from '../../../core/abi/engine.js';
import { mapStack } from './stack.js';
import type { CodeCache } from './code-cache.js';
import type { Isolate, IsolatedVm } from './package.js';

export interface IsolateStart {
  /** Number of the process's bit in the doorbell; handed to the program. */
  readonly slot: number;
  /** One script, complete: programs carry the runtime they link. */
  readonly code: string;
  /** What stack traces call the script, such as `file:///bin/ls.js`. */
  readonly filename: string;
  /** JSON text. With it stack traces name the TypeScript source. */
  readonly sourceMap?: string;
  readonly memoryLimitMiB: number;
  /** Shared with the kernel. Its bytes count against the memory limit. */
  readonly page: SharedArrayBuffer;
  readonly bell: SharedArrayBuffer;
  /** Arguments, environment, descriptors. */
  readonly boot: BootGlobal['boot'];
  /** Nanoseconds the process has spent waiting for the kernel so far. V8 counts a wait as CPU time; only the kernel can tell. */
  readonly blockedNs?: () => bigint;
  /** Whether the kernel has a call of the process that it has not answered. */
  readonly isWaiting?: () => boolean;
}

export type IsolateExitKind = 'exit' | 'throw' | 'memory' | 'killed' | 'catastrophe';

export interface IsolateExit {
  readonly kind: IsolateExitKind;
  readonly message?: string;
  readonly stack?: string;
}

const MAX_MESSAGE_CHARS = 1000;

/** One program in one V8 isolate. It holds no object of isolated-vm: its page and the bell are all it has. */
export class IsolateProcess {
  readonly slot: number;
  readonly exited: Promise<IsolateExit>;
  readonly #isolate: Isolate;
  readonly #blockedNs: () => bigint;
  readonly #isWaiting: () => boolean;
  #killed = false;
  #ended: IsolateExit | undefined;
  #settle: (exit: IsolateExit) => void = () => {};
  #cpuTimeNs = 0n;
  #wallTimeNs = 0n;

  constructor(vm: IsolatedVm, cache: CodeCache, start: IsolateStart) {
    this.slot = start.slot;
    this.#blockedNs = start.blockedNs ?? (() => 0n);
    this.#isWaiting = start.isWaiting ?? (() => false);
    this.exited = new Promise((resolve) => (this.#settle = resolve));
    this.#isolate = new vm.Isolate({
      memoryLimit: start.memoryLimitMiB,
      onCatastrophicError: (message) => this.#end({ kind: 'catastrophe', message }),
    });
    this.#run(cache, start).then(
      () => this.#end({ kind: 'exit' }),
      (error: unknown) => this.#end(this.#explain(error, start)),
    );
  }

  /** How it ended, once it has. */
  get ended(): IsolateExit | undefined {
    return this.#ended;
  }

  /** `exited` settles within milliseconds, whatever the program is doing. After a catastrophe nothing can reach it. */
  kill(): void {
    if (this.#ended?.kind === 'catastrophe') return;
    this.#killed = true;
    this.#dispose();
  }

  /** As V8 counts it, that is with the time spent waiting for the kernel. */
  cpuTimeNs(): bigint {
    this.#readTimes();
    return this.#cpuTimeNs;
  }

  wallTimeNs(): bigint {
    this.#readTimes();
    return this.#wallTimeNs;
  }

  get isWaiting(): boolean {
    return this.#isWaiting();
  }

  /** Time the kernel knows it to have waited so far. */
  blockedNs(): bigint {
    return this.#blockedNs();
  }

  /** CPU time without the time the kernel knows it to have waited. */
  busyNs(): bigint {
    const busy = this.cpuTimeNs() - this.#blockedNs();
    return busy > 0n ? busy : 0n;
  }

  async #run(cache: CodeCache, start: IsolateStart): Promise<void> {
    const context = await this.#isolate.createContext();
    // Memory of WebAssembly does not count against the limit.
    await context.global.delete('WebAssembly');
    const { page, bell, slot, boot } = start;
    const found: BootGlobal = { page, bell, slot, boot };
    await context.global.set(BOOT_GLOBAL, found, { copy: true });
    const script = await cache.compile(this.#isolate, start.code, start.filename);
    await script.run(context);
  }

  #end(exit: IsolateExit): void {
    if (this.#ended) return;
    this.#ended = exit;
    if (exit.kind !== 'catastrophe') this.#dispose();
    this.#settle(exit);
  }

  #explain(error: unknown, start: IsolateStart): IsolateExit {
    if (this.#killed) return { kind: 'killed' };
    if (this.#isolate.isDisposed)
      return { kind: 'memory', message: `used more than ${start.memoryLimitMiB} MiB` };
    const { message, stack } =
      error instanceof Error ? error : { message: `threw ${String(error)}`, stack: undefined };
    const thrown = { kind: 'throw', message: message.slice(0, MAX_MESSAGE_CHARS) } as const;
    return stack ? { ...thrown, stack: mapStack(stack, start.filename, start.sourceMap) } : thrown;
  }

  #readTimes(): void {
    if (this.#isolate.isDisposed || this.#ended?.kind === 'catastrophe') return;
    this.#cpuTimeNs = this.#isolate.cpuTime;
    this.#wallTimeNs = this.#isolate.wallTime;
  }

  #dispose(): void {
    this.#readTimes();
    if (!this.#isolate.isDisposed) this.#isolate.dispose();
  }
}
