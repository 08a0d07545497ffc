import { Errno } from '../../../core/abi/errno.js';
import { Mode } from '../../../core/abi/flags.js';
import { PosixError } from '../runtime/posix-error.js';
import { decodeUtf8, encodeUtf8 } from '../runtime/utf8.js';
import type { Caller, Opened, Scheme, SentFds } from '../runtime/scheme/scheme.js';

const BACKLOG_LINES = 1000;
const SINK_PATH = 'add_sink';
const ROOT = 0;

interface LogHandle {
  readonly context: string;
  /** Unfinished line of every process that writes here. */
  readonly pending: Map<number, string>;
}

export interface CarriedLog {
  readonly backlog: readonly string[];
  readonly sinks: readonly number[];
  readonly contexts: readonly (readonly [number, string])[];
}

/** `/scheme/log`: whole lines, prefixed with the name the log was opened by, go to every sink. */
export class Log implements Scheme {
  readonly #handles = new Map<number, LogHandle>();
  readonly #sinks: number[];
  readonly #backlog: string[];
  #next = 1;

  /** `emit` writes to a descriptor; a sink that fails is dropped. */
  constructor(
    private readonly emit: (fd: number, bytes: Uint8Array) => void,
    sinks: readonly number[],
    carried?: CarriedLog,
  ) {
    this.#sinks = [...(carried?.sinks ?? sinks)];
    this.#backlog = [...(carried?.backlog ?? [])];
    for (const [id, context] of carried?.contexts ?? []) {
      this.#handles.set(id, { context, pending: new Map() });
      this.#next = Math.max(this.#next, id + 1);
    }
  }

  openat(directory: number, path: string): Opened {
    if (directory !== ROOT) throw new PosixError(Errno.EACCES);
    this.#handles.set(this.#next, { context: path, pending: new Map() });
    return { id: this.#next++ };
  }

  read(): Uint8Array {
    return new Uint8Array();
  }

  write(id: number, bytes: Uint8Array, _offset: number, { pid }: Caller): number {
    const { context, pending } = this.#handle(id);
    const lines = ((pending.get(pid) ?? '') + decodeUtf8(bytes)).split('\n');
    pending.set(pid, lines.pop() ?? '');
    for (const line of lines) this.line(context === '' ? line : `${context}: ${line}`);
    return bytes.length;
  }

  line(text: string): void {
    this.#backlog.push(text);
    if (this.#backlog.length > BACKLOG_LINES) this.#backlog.shift();
    for (const fd of [...this.#sinks]) this.#emit(fd, text);
  }

  sendfd(id: number, sent: SentFds): number {
    if (this.#handle(id).context !== SINK_PATH || sent.count !== 1) throw new PosixError(Errno.EINVAL);
    const [fd] = sent.take();
    if (fd === undefined) throw new PosixError(Errno.EINVAL);
    this.#sinks.push(fd);
    for (const text of this.#backlog) this.#emit(fd, text);
    return 1;
  }

  fcntl(): number {
    return 0;
  }

  fpath(id: number): string {
    return `/scheme/log/${this.#handle(id).context}`;
  }

  fstat() {
    return { mode: Mode.CHR + 0o666, nlink: 1 };
  }

  close(id: number): void {
    this.#handles.delete(id);
  }

  carry(): CarriedLog {
    const contexts = [...this.#handles].map(([id, { context }]) => [id, context] as const);
    return { backlog: this.#backlog, sinks: this.#sinks, contexts };
  }

  #emit(fd: number, text: string): void {
    try {
      this.emit(fd, encodeUtf8(`${text}\n`));
    } catch {
      const at = this.#sinks.indexOf(fd);
      if (at >= 0) this.#sinks.splice(at, 1);
    }
  }

  #handle(id: number): LogHandle {
    const handle = this.#handles.get(id);
    if (!handle) throw new PosixError(Errno.EBADF);
    return handle;
  }
}
