import { SCRIPT_EXCEPTION } from '../../../core/abi/engine.js';
import {
  authAttrs,
  authStatus,
  AuthorityDup,
  ContextStatus,
  ContextVerb,
} from '../../../core/abi/kernel-schemes.js';
import { Signal, waitStatus } from '../../../core/abi/process-manager.js';
import { ContextStatusBuffer, Event, ProcSchemeAttrs } from '../../../core/abi/structs.js';
import { Errno } from '../../../core/abi/errno.js';
import { EventFlag, NO_OFFSET, Open, RwFlag } from '../../../core/abi/flags.js';
import { encodeWords } from '../../../core/abi/wire.js';
import { INTERNAL_FD_BASE } from '../runtime/fd-table.js';
import { unlessErrno } from '../runtime/posix-error.js';
import type { Os } from '../runtime/os.js';
import type { Process } from './process-table.js';

const FAULT_EXIT = 1;
const EVENTS_BYTES = 64 * Event.sizeBytes;

/** What POSIX systems make of the exceptions of an x86 processor; the rest is SIGSEGV. */
const SIGNAL_OF_EXCEPTION: Readonly<Record<number, number>> = {
  0: Signal.FPE,
  1: Signal.TRAP,
  3: Signal.TRAP,
  6: Signal.ILL,
  16: Signal.FPE,
  17: Signal.BUS,
  19: Signal.FPE,
};

const faultStatus = (kind: number): number =>
  kind === SCRIPT_EXCEPTION
    ? waitStatus.exited(FAULT_EXIT)
    : waitStatus.killed(SIGNAL_OF_EXCEPTION[kind] ?? Signal.SEGV);

/** The kernel's side of processes: one context each, made and ruled through kernel.proc. */
export class Contexts {
  /** Queue of the ends of contexts and of requests. */
  readonly queue: number;
  /** Descriptors that had an event since the last `takeChanged`. */
  readonly #changed = new Set<number>();
  #taken = false;

  constructor(
    private readonly os: Os,
    private readonly authority: number,
    carriedQueue?: number,
  ) {
    this.queue = carriedQueue ?? os.files.open('/scheme/event', Open.RDWR);
  }

  /** A context that has not started, and a handle on its status; its end becomes an event that carries `fd`. */
  create(): Pick<Process, 'contextFd' | 'statusFd'> {
    const contextFd = this.#part(this.authority, AuthorityDup.NEW_CONTEXT);
    const statusFd = this.#part(contextFd, authStatus(this.authority));
    this.watch(contextFd);
    return { contextFd, statusFd };
  }

  /** READ events of `fd` wake `waitForEvent`. */
  watch(fd: number): void {
    this.os.calls.write(this.queue, Event.encode({ id: fd, flags: EventFlag.READ, data: fd }));
  }

  /** Returns at once when `takeChanged` has come across an event since: it may be a request. */
  waitForEvent(): void {
    const taken = this.#taken;
    this.#taken = false;
    if (!taken) this.#note(this.os.calls.read(this.queue, EVENTS_BYTES));
  }

  /** Watched descriptors with an event since this was asked last. */
  takeChanged(): number[] {
    const next = () => this.os.calls.readAt(this.queue, EVENTS_BYTES, NO_OFFSET, RwFlag.NONBLOCK);
    const bytes = unlessErrno(next, new Uint8Array(), Errno.EAGAIN, Errno.EWOULDBLOCK);
    if (bytes.length > 0) this.#taken = true;
    this.#note(bytes);
    const changed = [...this.#changed];
    this.#changed.clear();
    return changed;
  }

  #note(bytes: Uint8Array): void {
    for (let at = 0; at < bytes.length; at += Event.sizeBytes)
      this.#changed.add(Event.decode(bytes, at).data);
  }

  /** A part of a context, for somebody else. */
  part({ contextFd }: Process, name: Uint8Array): number {
    return this.os.files.subObject(contextFd, name, INTERNAL_FD_BASE);
  }

  /** Ids and name as the kernel's tracer and its requests show them. */
  describe({ pid, uid, gid, priority, name, contextFd }: Process): void {
    const attrs = this.#part(contextFd, authAttrs(this.authority));
    const record = { pid, euid: uid.effective, egid: gid.effective, prio: priority, debugName: name };
    this.os.calls.write(attrs, ProcSchemeAttrs.encode(record));
    this.os.files.close(attrs);
  }

  kill(process: Process): void {
    this.#verb(process, ContextVerb.FORCE_KILL);
  }

  stop(process: Process): void {
    this.#verb(process, ContextVerb.STOP);
  }

  resume(process: Process): void {
    this.#verb(process, ContextVerb.UNSTOP);
  }

  /** Wait status of a context that is gone; undefined while it lives. */
  outcome({ statusFd }: Process): number | undefined {
    const bytes = this.os.calls.read(statusFd, ContextStatusBuffer.sizeBytes);
    const padded = new Uint8Array(ContextStatusBuffer.sizeBytes);
    padded.set(bytes);
    const { status, kind } = ContextStatusBuffer.decode(padded);
    const ends: Readonly<Record<number, number>> = {
      [ContextStatus.DEAD]: waitStatus.exited(0),
      [ContextStatus.FORCE_KILLED]: waitStatus.killed(Signal.KILL),
      [ContextStatus.UNHANDLED_EXCEPTION]: faultStatus(kind),
    };
    return ends[status];
  }

  release({ contextFd, statusFd }: Process): void {
    this.os.files.close(statusFd);
    this.os.files.close(contextFd);
  }

  #part(fd: number, name: string): number {
    return this.os.files.subObject(fd, name, INTERNAL_FD_BASE);
  }

  #verb({ statusFd }: Process, verb: number): void {
    this.os.calls.write(statusFd, encodeWords([verb]));
  }
}
