import { Errno } from '../../../core/abi/errno.js';
import type { Context } from '../contexts/context.js';
import type { ExceptionRecord } from '../contexts/context.js';
import type { Outcome } from '../contexts/outcome.js';
import { FrameLayout } from '../image/layout.js';
import type { Kernel } from '../kernel.js';
import type { Access } from '../memory/address-space.js';
import { OutOfFrames } from '../memory/frames.js';

const PAGE_FAULT = 14;
/** Page-fault error code bits, Intel SDM volume 3, 4.7. */
const PfError = { W: 1 << 1, U: 1 << 2, I: 1 << 4 } as const;

const IRQ_BASE = 32;
const SLAVE_LINES = 8;
const Pic = { masterCommand: 0x20, masterData: 0x21, slaveCommand: 0xa0, slaveData: 0xa1 } as const;
const Ocw = { EOI: 0x20, READ_ISR: 0x0b } as const;
const TIMER_LINE = 0;
const CASCADE_LINE = 2;

export interface ExceptionEntry {
  /** Linear address of the frame with the interrupted registers. */
  readonly frame: bigint;
  /** The touch that the last answer asked for did not succeed. */
  readonly touchFailed: boolean;
}

/** Runs when a line's interrupt comes, before its end is signalled. Answers whether the line stays masked. */
export type LineHandler = () => boolean | void;

/** Vectors to handlers: interrupt lines by the 8259 pair, exceptions by demand paging and then the ABI. */
export class Interrupts {
  readonly #lines = new Map<number, Set<LineHandler>>();
  readonly counts = new Array<number>(16).fill(0);
  spurious = 0;
  #mask = 0xffff & ~(1 << CASCADE_LINE) & ~(1 << TIMER_LINE);

  constructor(private readonly kernel: Kernel) {}

  /** Remaps the 8259 pair to vectors 32..47, all lines masked but timer, cascade and those with handlers. */
  initialise(): void {
    const { ports } = this.kernel.parts;
    // prettier-ignore
    const words = [
      [Pic.masterCommand, 0x11], [Pic.masterData, IRQ_BASE], [Pic.masterData, 1 << CASCADE_LINE], [Pic.masterData, 0x01],
      [Pic.slaveCommand, 0x11], [Pic.slaveData, IRQ_BASE + SLAVE_LINES], [Pic.slaveData, CASCADE_LINE], [Pic.slaveData, 0x01],
    ] as const;
    for (const [port, value] of words) ports.write8(port, value);
    this.#initialised = true;
    this.#writeMask();
    for (const told of this.onInitialised) told();
  }

  /** Drivers in the kernel that set their device up once interrupts work. */
  readonly onInitialised: (() => void)[] = [];
  #initialised = false;

  /** As `claim`, for the life of the kernel. */
  claimLater(line: number, handler: LineHandler): void {
    this.claim(line, handler);
  }

  /** Unmasks a line and calls `handler` at each interrupt; answers the undo. */
  claim(line: number, handler: LineHandler): () => void {
    const handlers = this.#lines.get(line) ?? new Set();
    this.#lines.set(line, handlers.add(handler));
    this.unmask(line);
    return () => {
      handlers.delete(handler);
      if (handlers.size === 0) this.mask(line);
    };
  }

  mask(line: number): void {
    this.#mask |= 1 << line;
    this.#writeMask();
  }

  unmask(line: number): void {
    this.#mask &= ~(1 << line);
    this.#writeMask();
  }

  /** An interrupt vector came; answers whether the interrupted context should give way. */
  deliver(vector: number): boolean {
    const line = vector - IRQ_BASE;
    const { scheduler } = this.kernel;
    if (line < 0 || line > 15) return scheduler.due;
    if (this.#isSpurious(line)) return scheduler.due;
    this.counts[line] = (this.counts[line] ?? 0) + 1;
    if (line === TIMER_LINE) this.#tick();
    for (const handler of this.#lines.get(line) ?? []) if (handler() === true) this.mask(line);
    this.#endOfInterrupt(line);
    return scheduler.due;
  }

  /** Demand paging first; what it cannot solve belongs to the program, or is a pointer that a pad was given. */
  exception(context: Context, record: ExceptionRecord, { frame, touchFailed }: ExceptionEntry): Outcome {
    const { vector, errorCode, address } = record;
    const fromPad = vector === PAGE_FAULT && (errorCode & PfError.U) === 0;
    // Where a system call keeps its number lies the error code: no call was interrupted here.
    if (!fromPad) this.kernel.guest(context).setFrame(FrameLayout.origRax, -1n);
    if (vector !== PAGE_FAULT) return context.abi.exception(this.kernel, context, vector, errorCode, address);
    const access = { write: (errorCode & PfError.W) !== 0, execute: (errorCode & PfError.I) !== 0 };
    const errno = touchFailed ? Errno.EFAULT : pageIn(context, address, access);
    if (errno === 0) return 0;
    if (fromPad) return this.#failTouch(context, frame);
    if (errno === Errno.ENOMEM && context.abi.outOfMemory)
      return context.abi.outOfMemory(this.kernel, context);
    context.exception = record;
    return context.abi.exception(this.kernel, context, vector, errorCode, address);
  }

  // The pad touched a user address on behalf of a call: send it to the place that answers EFAULT.
  #failTouch(context: Context, frame: bigint): Outcome {
    this.onTouchFailed(context, frame);
    return 0;
  }

  onTouchFailed: (context: Context, frame: bigint) => void = () => undefined;

  #tick(): void {
    const { kernel } = this;
    kernel.timer.fired();
    kernel.waits.expire(kernel.nowNs());
    if (kernel.scheduler.contended) kernel.scheduler.requestSwitch();
    // A switch arms the timer again; without one the next deadline would be forgotten.
    else kernel.timer.arm(kernel.waits.nextDeadlineNs);
  }

  #isSpurious(line: number): boolean {
    if (line !== 7 && line !== 15) return false;
    const command = line < SLAVE_LINES ? Pic.masterCommand : Pic.slaveCommand;
    const { ports } = this.kernel.parts;
    ports.write8(command, Ocw.READ_ISR);
    if (ports.read8(command) & 0x80) return false;
    this.spurious += 1;
    if (line === 15) ports.write8(Pic.masterCommand, Ocw.EOI);
    return true;
  }

  #endOfInterrupt(line: number): void {
    const { ports } = this.kernel.parts;
    if (line >= SLAVE_LINES) ports.write8(Pic.slaveCommand, Ocw.EOI);
    ports.write8(Pic.masterCommand, Ocw.EOI);
  }

  #writeMask(): void {
    if (!this.#initialised) return;
    const { ports } = this.kernel.parts;
    ports.write8(Pic.masterData, this.#mask & 0xff);
    ports.write8(Pic.slaveData, (this.#mask >> SLAVE_LINES) & 0xff);
  }
}

/** 0, or the errno of what stands against the access. */
function pageIn({ space }: Context, address: number, access: Access): number {
  try {
    return space?.fault(address, access) ?? Errno.EFAULT;
  } catch (failure) {
    if (failure instanceof OutOfFrames) return Errno.ENOMEM;
    throw failure;
  }
}
