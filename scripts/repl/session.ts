import type { Machine } from '../../core/machine/machine.js';
import type { AnyPlugin } from '../../core/plugin/plugin.js';

/** One thread as `ps()` shows it. */
export interface ContextRow {
  readonly id: number;
  readonly pid: number;
  readonly name: string;
  readonly kind: string;
  readonly state: string;
  /** The system call it is in. */
  readonly call: string;
  readonly cpuMs: number;
}

export interface SchemeRow {
  readonly id: number;
  readonly name: string;
  /** `kernel`, or the program that answers. */
  readonly servedBy: string;
}

/** A system call at the moment it has its result. */
export interface FinishedCall {
  readonly context: string;
  readonly name: string;
  readonly args: readonly number[];
  /** Of the file that the first argument names, when it names one. */
  readonly scheme: string | undefined;
}

/** What REPL and tracer ask of a kernel. */
export interface KernelView {
  listContexts(): readonly ContextRow[];
  listSchemes(): readonly SchemeRow[];
  /** Asked within `hooks.syscallExit`. */
  finishedCall(): FinishedCall | undefined;
}

export interface CommandResult {
  readonly status: number;
  readonly output: string;
}

/** The guest's terminal, as bytes. */
export interface GuestConsole {
  /** Typed by the user. */
  type(bytes: Uint8Array): void;
  /** Nobody types any more. Present where that ends the machine. */
  end?(): void;
  /** Answers how to stop listening. */
  onOutput(listener: (bytes: Uint8Array) => void): () => void;
}

/** A running machine as REPL and scripts see it. What a machine has not is absent. */
export interface Session {
  readonly machine: Machine;
  /** The machine is as far as it gets without anybody typing: the first statement waits for it. */
  readonly up: Promise<void>;
  readonly kernel?: object;
  readonly view?: KernelView;
  readonly gdb?: object;
  readonly console?: GuestConsole;
  /** Runs a command in the guest's shell. */
  readonly run?: (command: string) => Promise<CommandResult>;
  /** A plugin of ours, by its name in machine descriptions. */
  readonly findPlugin?: (name: string) => Promise<AnyPlugin | undefined>;
}
