import type { Context } from '../contexts/context.js';
import type { Outcome } from '../contexts/outcome.js';
import type { Kernel } from '../kernel.js';

/** Runs to completion. Arguments are numbers: negative for two's complement, NaN for what fits no meaning. */
export type Handler = (kernel: Kernel, context: Context, ...args: number[]) => Outcome;

export interface SourcePlace {
  readonly file: string;
  readonly line: number;
}

/** A set of system calls and the rules around them. */
export interface Abi {
  readonly name: 'redox' | 'linux';
  /** The pad a number leads to; undefined answers ENOSYS. */
  padOf(number: number): number | undefined;
  handlerOf(pad: number): Handler | undefined;
  /** A number nobody handles. */
  unknown(kernel: Kernel, context: Context, number: number): void;
  /** Before the return to user mode, when `work` is set: signals, stops. */
  userWork?(kernel: Kernel, context: Context, touchFailed: boolean): Outcome;
  /** A processor exception of the program that demand paging did not solve. */
  exception(kernel: Kernel, context: Context, vector: number, errorCode: number, address: number): Outcome;
  /** The program touched memory it has, but no frame is left for it. Without it the access is an exception. */
  outOfMemory?(kernel: Kernel, context: Context): Outcome;
  /** The last words of a context. */
  exited?(kernel: Kernel, context: Context): void;
}
