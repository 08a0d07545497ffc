import { Errno } from '../../../core/abi/errno.js';
import type { Registers } from '../../../core/cpu/types.js';
import type { Context } from '../contexts/context.js';
import { AGAIN } from '../contexts/outcome.js';
import type { Outcome, Wait } from '../contexts/outcome.js';
import { QUANTUM_NS } from '../contexts/scheduler.js';
import { Action, FrameLayout, Hypercall } from '../image/layout.js';
import type { Kernel } from '../kernel.js';
import { OutOfFrames } from '../memory/frames.js';
import { BadPointer, UserFault } from '../memory/user-memory.js';
import type { IsolateCalls } from '../isolates/isolate-calls.js';
import type { Interrupts } from './interrupts.js';
import { toArgument } from './arguments.js';

const RAX = 0;
const RCX = 1;
const RDX = 2;
const RSI = 6;
const RDI = 7;
const R8 = 8;
const R9 = 9;

export interface GateTaps {
  /** A native context begins a system call; the frame holds the registers. */
  syscallEnter?: ((context: Context, number: number) => void) | undefined;
  /** Fired for each finished system call, when somebody listens. */
  syscallExit?: ((context: Context, pad: number, result: number) => void) | undefined;
}

/** Every `vmcall` of the kernel image ends here: one entry, a table, no blocking. */
export class Gate {
  readonly #registers: Registers;
  readonly #table: readonly (() => void)[];
  readonly taps: GateTaps = {};

  constructor(
    private readonly kernel: Kernel,
    private readonly interrupts: Interrupts,
    private readonly isolates: IsolateCalls | undefined,
  ) {
    this.#registers = kernel.cpu.registers;
    this.#table = this.#hypercalls();
  }

  /** False when the number means nothing: the guest gets #UD. */
  hypercall(): boolean {
    const number = this.#registers.low(RAX);
    if (number >= Hypercall.pad) return this.#pad(number - Hypercall.pad);
    const handler = this.#table[number];
    handler?.();
    return handler !== undefined;
  }

  #hypercalls(): readonly (() => void)[] {
    const table: (() => void)[] = [];
    table[Hypercall.boot] = () => this.interrupts.initialise();
    table[Hypercall.route] = () => this.#route();
    table[Hypercall.schedule] = () => this.#schedule();
    table[Hypercall.irq] = () => this.#irq();
    table[Hypercall.exception] = () => this.#exception();
    table[Hypercall.userWork] = () => this.#userWork();
    table[Hypercall.isolateNext] = () => this.#isolateNext();
    table[Hypercall.isolateReply] = () => this.isolates?.reply(this.kernel.current, this.#signedNumber(RSI));
    table[Hypercall.panic] = () => this.#panic();
    return table;
  }

  #route(): void {
    const { kernel } = this;
    const context = kernel.current;
    const { framePhysical } = kernel.guest(context);
    const at = framePhysical + FrameLayout.rax;
    const number = toArgument(kernel.memory.read32(at), kernel.memory.read32(at + 4));
    const pad = context.abi.padOf(number);
    this.taps.syscallEnter?.(context, number);
    if (pad === undefined) context.abi.unknown(kernel, context, number);
    const address = pad === undefined ? kernel.symbol('sys_unknown') : kernel.parts.image.padAddress(pad);
    this.#registers.set(RAX, address);
  }

  #schedule(): void {
    const { kernel } = this;
    const previous = kernel.current;
    const next = kernel.scheduler.next();
    this.#armTimer();
    this.#registers.set(RAX, kernel.guest(previous).address);
    this.#registers.set(RDX, kernel.guest(next).address);
  }

  #armTimer(): void {
    const { scheduler, timer, waits } = this.kernel;
    const quantum = scheduler.contended ? this.kernel.nowNs() + QUANTUM_NS : Infinity;
    const deadline = Math.min(waits.nextDeadlineNs ?? Infinity, quantum);
    timer.arm(deadline === Infinity ? undefined : deadline);
  }

  // Somebody may be ready who does not overtake: then the one who runs has its quantum and no more.
  #irq(): void {
    const due = this.interrupts.deliver(this.#registers.low(RDI));
    if (!due && this.kernel.scheduler.contended) this.#armTimer();
    this.#registers.setNumber(RAX, due ? 1 : 0);
  }

  #pad(index: number): boolean {
    const context = this.kernel.current;
    if (!this.kernel.parts.pads.nameOf(index)) return false;
    const outcome = context.killed ? 0 : this.#call(context, index);
    this.#answer(context, outcome);
    if (typeof outcome === 'number') this.#finished(context, index, outcome);
    return true;
  }

  /** Calls the handler. Pads get their arguments as C functions do. */
  #call(context: Context, pad: number): Outcome | UserFault {
    const call = (context.call ??= { pad, arguments: [], scratch: undefined });
    call.pad = pad;
    const handler = context.abi.handlerOf(pad);
    if (!handler) return -Errno.ENOSYS;
    const a = this.#argument(RDI);
    const b = this.#argument(RSI);
    const c = this.#argument(RDX);
    const d = this.#argument(RCX);
    const e = this.#argument(R8);
    const f = this.#argument(R9);
    call.arguments = [a, b, c, d, e, f];
    try {
      return handler(this.kernel, context, a, b, c, d, e, f);
    } catch (failure) {
      return outcomeOf(failure);
    }
  }

  /** The touch that a call asked for cannot succeed: its pad answers EFAULT. */
  touchFailed(context: Context): void {
    if (context.call) this.#finished(context, context.call.pad, -Errno.EFAULT);
  }

  #finished(context: Context, pad: number, result: number): void {
    this.taps.syscallExit?.(context, pad, result);
    context.call = undefined;
    context.woken = undefined;
    context.consumed?.release(this.kernel);
    context.consumed = undefined;
    const { scheduler } = this.kernel;
    if (scheduler.due || scheduler.contended) this.#armTimer();
  }

  #exception(): void {
    const context = this.kernel.current;
    const vector = this.#registers.low(RSI);
    const errorCode = this.#registers.low(RDX);
    const address = this.#argument(RCX);
    const touchFailed = this.#registers.low(R8) === 1;
    const frame = this.#registers.get(RDI);
    const outcome = this.#guarded(context, () =>
      this.interrupts.exception(context, { vector, errorCode, address }, { frame, touchFailed }),
    );
    this.#answer(context, outcome);
  }

  #userWork(): void {
    const context = this.kernel.current;
    const touchFailed = this.#registers.low(R8) === 1;
    this.kernel.guest(context).work = false;
    this.#answer(
      context,
      this.#guarded(context, () => context.abi.userWork?.(this.kernel, context, touchFailed) ?? 0),
    );
  }

  #isolateNext(): void {
    const context = this.kernel.current;
    const outcome = this.#guarded(context, () => this.isolates?.next(context) ?? -Errno.ENOSYS);
    this.#answer(context, typeof outcome === 'number' ? 0 : outcome);
    if (typeof outcome !== 'number' || context.killed) return;
    const { image } = this.kernel.parts;
    this.#registers.set(RAX, outcome < 0 ? this.kernel.symbol('sys_unknown') : image.padAddress(outcome));
  }

  #panic(): void {
    const { kernel } = this;
    const vector = this.#registers.low(RSI);
    const frame = kernel.memory.readLinear(this.#registers.get(RDI), FrameLayout.sizeBytes);
    const rip = frame ? new DataView(frame.buffer, frame.byteOffset).getBigUint64(FrameLayout.rip, true) : 0n;
    kernel.log.write(`kernel panic: vector ${vector} at 0x${rip.toString(16)}\n`);
    kernel.parts.stop('panic', 1);
  }

  #guarded(context: Context, run: () => Outcome): Outcome | UserFault {
    if (context.killed) return 0;
    try {
      return run();
    } catch (failure) {
      return outcomeOf(failure);
    }
  }

  /** Tells the pad what to do next, through rax and edx. */
  #answer(context: Context, outcome: Outcome | UserFault): void {
    if (context.killed || context.state === 'dead') return this.#exit(context);
    if (typeof outcome === 'number') return this.#act(Action.done, outcome);
    if (outcome === AGAIN) return this.#act(Action.again, 0);
    if (outcome instanceof UserFault) {
      return this.#act(outcome.write ? Action.faultWrite : Action.fault, outcome.address);
    }
    if (context.interrupted && !outcome.onSignal)
      return this.#act(Action.done, this.#interruptedCall(context));
    this.#sleep(context, outcome);
  }

  // A deadline that has passed already is a way to give others a turn: the context stays runnable.
  #sleep(context: Context, wait: Wait): void {
    const passed = wait.deadlineNs !== undefined && wait.deadlineNs <= this.kernel.nowNs();
    if (passed) context.woken = 'deadline';
    else {
      this.kernel.waits.block(context, wait);
      context.engine.waits?.();
    }
    this.#act(Action.wait, 0);
  }

  // A signal that stands by when a call wants to block ends the call before it sleeps.
  #interruptedCall(context: Context): number {
    this.taps.syscallExit?.(context, context.call?.pad ?? 0, -Errno.EINTR);
    context.call = undefined;
    context.woken = undefined;
    context.consumed?.release(this.kernel);
    context.consumed = undefined;
    return -Errno.EINTR;
  }

  #exit(context: Context): void {
    this.kernel.finish(context);
    this.#act(Action.killed, 0);
  }

  #act(action: number, result: number): void {
    this.#registers.setNumber(RAX, result);
    this.#registers.setNumber(RDX, action);
  }

  #argument(register: number): number {
    return toArgument(this.#registers.low(register), this.#registers.high(register));
  }

  #signedNumber(register: number): number {
    return Number(BigInt.asIntN(64, this.#registers.get(register)));
  }
}

/** What a handler throws on purpose. */
function outcomeOf(failure: unknown): Outcome | UserFault {
  if (failure instanceof UserFault) return failure;
  if (failure instanceof BadPointer) return -Errno.EFAULT;
  if (failure instanceof OutOfFrames) return -Errno.ENOMEM;
  throw failure;
}
