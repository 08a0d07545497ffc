import { Errno } from '../../../core/abi/errno.js';
import type { EngineHeader } from '../../../core/abi/engine.js';
import {
  bellWords,
  PAGE_TOTAL_BYTES,
  PageState,
  readRequest,
  reply,
  STATE_WORD,
  takeRings,
  tellWaiting,
  WINDOW_OFFSET,
} from '../../../core/abi/isolate-page.js';
import type { Context, Engine } from '../contexts/context.js';
import { waitFor } from '../contexts/outcome.js';
import type { Outcome } from '../contexts/outcome.js';
import { UPPER_TABLE } from '../files/file-table.js';
import { CONTEXT_COUNT, FrameLayout } from '../image/layout.js';
import type { Kernel } from '../kernel.js';
import { SharedUserMemory } from '../memory/user-memory.js';
import type { EngineStarter } from '../schemes/proc/engine-handle.js';
import type { IsolateCalls } from './isolate-calls.js';
import type { IsolateExit, IsolateProcess } from './isolate-process.js';
import type { IsolateBackend } from './isolate-backend.js';

/** Vector number in the exception record of a program that threw. */
export const UNHANDLED_THROW = 0x100;
/** V8 refuses less. */
const MIN_MEMORY_MIB = 8;
const MAX_MEMORY_MIB = 1024;
/** For a header that says 0. */
const DEFAULT_MEMORY_MIB = 32;
const ARGUMENT_SLOTS = [
  FrameLayout.rdi,
  FrameLayout.rsi,
  FrameLayout.rdx,
  FrameLayout.r10,
  FrameLayout.r8,
  FrameLayout.r9,
] as const;

/** A program the machine was built with. */
export interface BuiltProgram {
  readonly code: string;
  readonly filename: string;
  readonly sourceMap?: string | undefined;
}

export interface IsolateEngineOptions {
  readonly backend: IsolateBackend;
  program(name: string): BuiltProgram | undefined;
  /** A program ended in a way that somebody should read about. */
  report(context: Context, exit: IsolateExit): void;
  /** A program was given to a context. */
  attached?(context: Context, header: EngineHeader): void;
}

/** Runs contexts as V8 isolates: requests come over shared pages and one doorbell, which is an interrupt line. */
export class IsolateEngines implements EngineStarter, IsolateCalls {
  readonly bell = new Int32Array(new SharedArrayBuffer(bellWords(CONTEXT_COUNT) * 4));
  readonly #running = new Map<Context, IsolateEngine>();
  readonly #bySlot = new Map<number, Context>();

  constructor(private readonly options: IsolateEngineOptions) {}

  prepare(kernel: Kernel, context: Context, header: EngineHeader, source: string): number {
    const program =
      header.program === undefined ? inline(header, source) : this.options.program(header.program);
    if (!program) return Errno.ENOENT;
    const memoryLimitMiB = header.memoryLimitMiB || DEFAULT_MEMORY_MIB;
    if (!(memoryLimitMiB >= MIN_MEMORY_MIB && memoryLimitMiB <= MAX_MEMORY_MIB)) return Errno.EINVAL;
    this.attach(kernel, context, program, { ...header, memoryLimitMiB });
    this.options.attached?.(context, header);
    return 0;
  }

  /** Makes an isolate the engine of a context that has not started, or a successor the engine of one that runs. */
  attach(kernel: Kernel, context: Context, program: BuiltProgram, header: EngineHeader): void {
    const page = new SharedArrayBuffer(PAGE_TOTAL_BYTES);
    const engine = new IsolateEngine(page, program, header, kernel);
    this.#running.set(context, engine);
    this.#bySlot.set(context.slot, context);
    kernel.setSpace(context, undefined);
    context.user = new SharedUserMemory(page, WINDOW_OFFSET);
    context.engine = engine;
    engine.onStop = () => this.#forget(context);
    kernel.rename(context, header.name);
    kernel.guest(context).prepare(kernel.symbol('isolate_loop'), kernel.kernelMap.root, true);
  }

  /** Puts another program into a context that lives on. `onEnd` is told when it ends before `settle`. */
  exchange(
    kernel: Kernel,
    context: Context,
    {
      program,
      header,
      onEnd,
    }: { program: BuiltProgram; header: EngineHeader; onEnd: (exit: IsolateExit) => void },
  ): void {
    this.#running.get(context)?.process?.kill();
    kernel.waits.forget(context);
    kernel.scheduler.remove(context);
    context.call = undefined;
    context.woken = undefined;
    this.attach(kernel, context, program, header);
    const engine = this.#running.get(context);
    if (engine) engine.onProbation = onEnd;
    kernel.start(context);
  }

  /** From now on the end of the program is the end of its context again. */
  settle(context: Context): void {
    const engine = this.#running.get(context);
    if (engine) engine.onProbation = undefined;
  }

  /** The doorbell rang: contexts whose programs asked for something may run. */
  rung(kernel: Kernel): void {
    for (const slot of takeRings(this.bell)) kernel.waits.wake(requestKey(slot));
  }

  next(context: Context): Outcome {
    const engine = this.#running.get(context);
    if (!engine) return -Errno.ENOSYS;
    if (!engine.process) this.#launch(context, engine);
    if (engine.ended && !engine.onProbation) return this.#end(context, engine.ended);
    if (Atomics.load(engine.words, STATE_WORD) !== PageState.REQUEST || engine.serving) {
      return { ...waitFor(requestKey(context.slot)), onSignal: 'ignore' };
    }
    return this.#take(context, engine);
  }

  reply(context: Context, result: number): void {
    const engine = this.#running.get(context);
    if (!engine) return;
    engine.serving = false;
    engine.answered();
    reply(engine.words, result >= UPPER_TABLE ? 2 ** 62 + (result - UPPER_TABLE) : result);
  }

  headerOf(context: Context): EngineHeader | undefined {
    return this.#running.get(context)?.header;
  }

  /** CPU time of a context's program, for ps. */
  engineOf(context: Context): IsolateEngine | undefined {
    return this.#running.get(context);
  }

  #take(context: Context, engine: IsolateEngine): number {
    const { number, args } = readRequest(engine.words);
    const pad = context.abi.padOf(number);
    engine.serving = true;
    engine.asked();
    const guest = engine.kernel.guest(context);
    ARGUMENT_SLOTS.forEach((slot, index) => guest.setFrame(slot, toRegister(args[index] ?? 0)));
    if (pad === undefined) context.abi.unknown(engine.kernel, context, number);
    return pad ?? -Errno.ENOSYS;
  }

  #launch(context: Context, engine: IsolateEngine): void {
    const { code, filename, sourceMap } = engine.program;
    engine.process = this.options.backend.start({
      slot: context.slot,
      code,
      filename,
      ...(sourceMap === undefined ? {} : { sourceMap }),
      memoryLimitMiB: engine.header.memoryLimitMiB,
      page: engine.page,
      bell: this.bell.buffer,
      boot: engine.header.start,
      blockedNs: () => engine.blockedNs(),
      isWaiting: () => engine.serving,
    });
    void engine.process.exited.then((exit) => this.#exited(context, engine, exit));
  }

  #exited(context: Context, engine: IsolateEngine, exit: IsolateExit): void {
    engine.ended = exit;
    if (this.#running.get(context) !== engine) return;
    engine.onProbation?.(exit);
    if (exit.kind !== 'exit' && exit.kind !== 'killed') this.options.report(context, exit);
    // The kernel is not running now: ask for attention over the same doorbell as everybody.
    Atomics.or(this.bell, 1 + (context.slot >>> 5), 1 << (context.slot & 31));
    Atomics.store(this.bell, 0, 1);
    Atomics.notify(this.bell, 0);
  }

  #end(context: Context, exit: IsolateExit): Outcome {
    if (exit.kind === 'throw' || exit.kind === 'memory' || exit.kind === 'catastrophe') {
      context.exception = { vector: UNHANDLED_THROW, errorCode: 0, address: 0 };
    }
    context.killed = true;
    context.completed = exit.kind === 'exit';
    return 0;
  }

  #forget(context: Context): void {
    this.#running.delete(context);
    if (this.#bySlot.get(context.slot) === context) this.#bySlot.delete(context.slot);
  }
}

/** The isolate behind one context, and how long it has waited for the kernel. */
export class IsolateEngine implements Engine {
  readonly kind = 'isolate';
  readonly words: Int32Array;
  process: IsolateProcess | undefined;
  ended: IsolateExit | undefined;
  serving = false;
  /** While a successor has not shown that it works, its end does not end the context. */
  onProbation: ((exit: IsolateExit) => void) | undefined;
  onStop: () => void = () => undefined;
  #blockedNs = 0n;
  #blockedSince: bigint | undefined;

  constructor(
    readonly page: SharedArrayBuffer,
    readonly program: BuiltProgram,
    readonly header: EngineHeader,
    readonly kernel: Kernel,
  ) {
    this.words = new Int32Array(page);
  }

  asked(): void {
    this.#blockedSince = process.hrtime.bigint();
  }

  answered(): void {
    this.#blockedNs = this.blockedNs();
    this.#blockedSince = undefined;
  }

  blockedNs(): bigint {
    if (this.#blockedSince === undefined) return this.#blockedNs;
    return this.#blockedNs + (process.hrtime.bigint() - this.#blockedSince);
  }

  waits(): void {
    if (this.serving) tellWaiting(this.words);
  }

  stop(): void {
    this.process?.kill();
    this.onStop();
  }
}

const requestKey = (slot: number) => `isolate:${slot}`;

const inline = (header: EngineHeader, source: string): BuiltProgram | undefined =>
  source === '' ? undefined : { code: source, filename: `file:///${header.name}.js` };

function toRegister(value: number): bigint {
  return Number.isFinite(value) ? BigInt.asUintN(64, BigInt(Math.trunc(value))) : 0n;
}
