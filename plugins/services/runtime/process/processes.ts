import { Errno } from '../../../../core/abi/errno.js';
import { ProcCall, ProcMeta, Signal } from '../../../../core/abi/process-manager.js';
import { viewOf } from '../../../../core/abi/wire.js';
import { PosixError } from '../posix-error.js';
import { encodeUtf8 } from '../utf8.js';
import type { KeptService } from '../../../../core/abi/engine.js';
import type { Calls } from '../calls.js';

export interface Waited {
  readonly pid: number;
  /** Decode with `decodeWaitStatus`. */
  readonly status: number;
}

/** What a process asks the process manager, through its own handle. ENOSYS for a process without one. */
export class Processes {
  constructor(
    private readonly calls: Calls,
    readonly ownFd: number | undefined,
  ) {}

  get handle(): number {
    if (this.ownFd === undefined) throw new PosixError(Errno.ENOSYS, 'process');
    return this.ownFd;
  }

  /** Ids of this process, or of the one behind another process handle. */
  meta(handle = this.handle): ProcMeta {
    return ProcMeta.decode(this.calls.read(handle, ProcMeta.sizeBytes));
  }

  /** A child that ended (pid 0: any); undefined with NOHANG when none has. ECHILD when there is no child. */
  wait(pid = 0, flags = 0): Waited | undefined {
    const found = this.calls.call(this.handle, { metadata: [ProcCall.WAITPID, pid, flags], accept: 4 });
    return found === 0 ? undefined : { pid: found, status: this.#status() };
  }

  /** Any child in a process group. */
  waitGroup(pgid: number, flags = 0): Waited | undefined {
    const found = this.calls.call(this.handle, { metadata: [ProcCall.WAITPGID, pgid, flags], accept: 4 });
    return found === 0 ? undefined : { pid: found, status: this.#status() };
  }

  /** Target: a pid, 0 the own group, -1 everybody, -N the group N. */
  kill(target: number, signal: number): void {
    this.#verb(ProcCall.KILL, target, signal);
  }

  exit(status: number): never {
    this.#verb(ProcCall.EXIT, status & 0xff);
    throw new Error('the process manager let a process live that has ended');
  }

  dieBy(signal: number): never {
    this.#verb(ProcCall.EXIT, signal << 8);
    throw new Error('the process manager let a process live that has ended');
  }

  brokenPipe(): never {
    return this.dieBy(Signal.PIPE);
  }

  /** From now on this process starts again when it dies, with what it has open now and then. */
  keep(service: KeptService): void {
    this.calls.call(this.handle, {
      metadata: [ProcCall.KEEP],
      payload: encodeUtf8(JSON.stringify(service)),
    });
  }

  setGroup(pid: number, pgid: number): void {
    this.#verb(ProcCall.SETPGID, pid, pgid);
  }

  setSession(): void {
    this.#verb(ProcCall.SETSID);
  }

  /** EPERM unless root, or among the current ids. */
  setIds(uid: number, gid: number): void {
    const payload = new Uint8Array(24);
    const view = viewOf(payload);
    [uid, uid, uid, gid, gid, gid].forEach((id, i) => view.setUint32(i * 4, id, true));
    this.calls.call(this.handle, { metadata: [ProcCall.SET_RESUGID], payload });
  }

  rename(name: string, handle = this.handle): void {
    this.calls.call(handle, { metadata: [ProcCall.RENAME], payload: encodeUtf8(name).subarray(0, 32) });
  }

  #verb(...metadata: readonly number[]): number {
    return this.calls.call(this.handle, { metadata });
  }

  #status(): number {
    return viewOf(this.calls.answer(4)).getInt32(0, true);
  }
}
