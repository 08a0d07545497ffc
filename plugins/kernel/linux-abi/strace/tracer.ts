import { syscallNames } from '../syscall-names.js';
import { hexText } from './kind.js';
import type { Kind, TracedCall, TraceMemory } from './kind.js';
import { cloneKinds } from './multiplexed.js';
import { records } from './records.js';
import { resultText } from './results.js';
import { siginfoText, signalText } from './signal-text.js';

const RESULT_COLUMN = 39;
const REGISTERS = 6;

const unknownKinds: readonly Kind[] = Array.from({ length: REGISTERS }, () => ({
  when: 'enter' as const,
  text: (value: bigint) => hexText(value),
}));

/** Which register is printed how, in the order of printing. */
function plan(name: string): readonly (readonly [argument: number, kind: Kind])[] {
  if (name === 'clone') return cloneKinds;
  const kinds = records[name] ?? unknownKinds;
  return kinds.map((kind, at): [number, Kind] => [at, kind]);
}

/** Notes whether all that was asked for could be read. */
class WatchedMemory implements TraceMemory {
  missed = false;

  constructor(private readonly memory: TraceMemory) {}

  read(pointer: number, length: number): Uint8Array | undefined {
    const bytes = this.memory.read(pointer, length);
    if (!bytes) this.missed = true;
    return bytes;
  }
}

/** `later`: the call has yet to fill it in, or to bring its page. */
type Part = string | undefined | 'later';

interface Pending {
  readonly name: string;
  readonly args: readonly bigint[];
  readonly memory: TraceMemory;
  readonly parts: readonly Part[];
}

export interface TracedStart {
  readonly tid: number;
  readonly number: number;
  /** rdi, rsi, rdx, r10, r8, r9. */
  readonly args: readonly bigint[];
  readonly memory: TraceMemory;
}

/**
 * Prints system calls as strace does, the beginning when they begin and the rest when they end, to `write`. Lines carry
 * `[pid N]` once there is a second thread.
 */
export class Tracer {
  readonly #pending = new Map<number, Pending>();
  readonly #tids = new Set<number>();
  /** The thread whose call stands unfinished on the last line, and how long that line is. */
  #open: { readonly tid: number; readonly column: number } | undefined;

  constructor(private readonly write: (text: string) => void) {}

  enter({ tid, number, args, memory }: TracedStart): void {
    this.#tids.add(tid);
    this.#cutOpenLine();
    const name = syscallNames.get(number) ?? `syscall_${hexText(number)}`;
    const parts = beginning({ name, args, memory, result: undefined });
    this.#pending.set(tid, { name, args, memory, parts });
    const text = `${this.#prefix(tid)}${name}(${shownFirst(parts)}`;
    this.write(text);
    this.#open = { tid, column: text.length };
  }

  /** `result` as in rax, signed. */
  exit(tid: number, result: number): void {
    this.#finish(tid, result);
  }

  /** `info`: the 128 bytes of siginfo_t. */
  signal(tid: number, signal: number, info: Uint8Array): void {
    this.#line(tid, `--- ${signalText(signal)} ${siginfoText(info)} ---`);
  }

  /** A signal has stopped it. */
  stopped(tid: number, signal: number): void {
    this.#line(tid, `--- stopped by ${signalText(signal)} ---`);
  }

  /** A thread ends: its last call never does. */
  exited(tid: number, how: Ending): void {
    this.#finish(tid, undefined);
    this.#line(tid, `+++ ${howText(how)} +++`);
    this.#tids.delete(tid);
  }

  #finish(tid: number, result: number | undefined): void {
    const pending = this.#pending.get(tid);
    if (!pending) return;
    this.#pending.delete(tid);
    const column = this.#open?.tid === tid ? this.#open.column : this.#resume(tid, pending.name);
    const call = { ...pending, result };
    const rest = `${shownLast(call, pending.parts)})`;
    const padding = ' '.repeat(Math.max(0, RESULT_COLUMN - column - rest.length));
    this.write(`${rest}${padding} = ${resultText(call)}\n`);
    this.#open = undefined;
  }

  #resume(tid: number, name: string): number {
    this.#cutOpenLine();
    const text = `${this.#prefix(tid)}<... ${name} resumed>`;
    this.write(text);
    return text.length;
  }

  #cutOpenLine(): void {
    if (this.#open) this.write(' <unfinished ...>\n');
    this.#open = undefined;
  }

  #line(tid: number, text: string): void {
    this.#cutOpenLine();
    this.write(`${this.#prefix(tid)}${text}\n`);
  }

  #prefix(tid: number): string {
    return this.#tids.size > 1 ? `[pid ${String(tid).padStart(5)}] ` : '';
  }
}

function beginning(call: TracedCall): Part[] {
  return plan(call.name).map(([at, kind]) => {
    if (kind.when === 'exit') return 'later';
    const memory = new WatchedMemory(call.memory);
    const text = kind.text(call.args[at] ?? 0n, { ...call, memory });
    return memory.missed ? 'later' : text;
  });
}

const firstLater = (parts: readonly Part[]): number => {
  const at = parts.indexOf('later');
  return at < 0 ? parts.length : at;
};

/** What is known when the call begins: the arguments before the first that is not. */
function shownFirst(parts: readonly Part[]): string {
  const later = firstLater(parts);
  const shown = parts.slice(0, later).filter((part) => part !== undefined);
  return `${shown.join(', ')}${shown.length > 0 && later < parts.length ? ', ' : ''}`;
}

function shownLast(call: TracedCall, parts: readonly Part[]): string {
  const texts = plan(call.name).map(([at, kind], index) =>
    parts[index] === 'later' ? kind.text(call.args[at] ?? 0n, call) : parts[index],
  );
  return texts
    .slice(firstLater(parts))
    .filter((text) => text !== undefined)
    .join(', ');
}

/** How a thread ended. */
export type Ending = { readonly status: number } | { readonly signal: number; readonly core: boolean };

function howText(
  how: { readonly status: number } | { readonly signal: number; readonly core: boolean },
): string {
  if ('status' in how) return `exited with ${how.status}`;
  return `killed by ${signalText(how.signal)}${how.core ? ' (core dumped)' : ''}`;
}
