import { Errno } from '../../../../core/abi/errno.js';
import { MapFlag, NewFdFlag, SendFdFlag, StdFsCall } from '../../../../core/abi/flags.js';
import { packIds, SchemeOp } from '../../../../core/abi/scheme-protocol.js';
import type { Outcome } from '../../contexts/outcome.js';
import { Description } from '../../files/description.js';
import type { Caller, MapRequest, Opened, Provider, UserBuffer } from '../../files/description.js';
import type { Kernel } from '../../kernel.js';
import { place } from '../../syscalls/memory.js';
import type { Answer, NewRequest } from './request.js';
import { goneErrno, RequestQueue } from './request-queue.js';

/** A scheme whose server is a process: every operation becomes a message, the client waits for the answer. */
export class UserScheme implements Provider {
  readonly name = 'user';
  readonly requests: RequestQueue;
  /** The server's socket is closed: there will be no answers any more. */
  gone = false;

  constructor(
    readonly id: number,
    kernel: Kernel,
  ) {
    this.requests = new RequestQueue(`scheme:${id}`, kernel.waits);
  }

  openat(caller: Caller, directory: Description, path: string, flags: number): Opened {
    const payload = Buffer.from(path, 'utf8');
    const args = [directory.number, 0, payload.length, flags, 0, ids(caller)];
    return this.#open(caller, flags, { opcode: SchemeOp.OPENAT, args, payload });
  }

  dup(caller: Caller, file: Description, name: Uint8Array): Opened {
    const args = [file.number, 0, name.length, 0, 0, ids(caller)];
    return this.#open(caller, file.flags, { opcode: SchemeOp.DUP, args, payload: name });
  }

  unlinkat(caller: Caller, directory: Description, path: string, flags: number): Outcome {
    const payload = Buffer.from(path, 'utf8');
    const args = [directory.number, 0, payload.length, flags, 0, ids(caller)];
    return this.#simple(caller, { opcode: SchemeOp.UNLINKAT, args, payload });
  }

  read(caller: Caller, file: Description, into: UserBuffer, offset: number, flags: number): Outcome {
    into.prepare();
    const args = [file.number, 0, into.length, offset, flags, ids(caller)];
    return this.#fill(caller, into, { opcode: SchemeOp.READ, args });
  }

  write(caller: Caller, file: Description, from: UserBuffer, offset: number, flags: number): Outcome {
    return this.#ask(
      caller,
      () => {
        const payload = from.read();
        const args = [file.number, 0, payload.length, offset, flags, ids(caller)];
        return { opcode: SchemeOp.WRITE, args, payload };
      },
      ({ result, object }) => {
        if (!object) return result;
        const bytes = from.read();
        object.write(result, bytes);
        return bytes.length;
      },
    );
  }

  fsize(caller: Caller, file: Description): Outcome {
    return this.#simple(caller, { opcode: SchemeOp.FSIZE, args: this.#withIds(caller, file) });
  }

  fstat(caller: Caller, file: Description, into: UserBuffer): Outcome {
    const args = [file.number, 0, into.length, 0, 0, ids(caller)];
    const filled = this.#fill(caller, into, { opcode: SchemeOp.FSTAT, args });
    return typeof filled === 'number' && filled > 0 ? 0 : filled;
  }

  fpath(caller: Caller, file: Description, into: UserBuffer): Outcome {
    const args = [file.number, 0, into.length, 0, 0, ids(caller)];
    return this.#fill(caller, into, { opcode: SchemeOp.FPATH, args });
  }

  fcntl(caller: Caller, file: Description, command: number, argument: number): Outcome {
    const args = [file.number, command, argument, 0, 0, ids(caller)];
    const told = this.#simple(caller, { opcode: SchemeOp.FCNTL, args });
    // A server without opinion on the flags is the rule; the kernel keeps them anyway.
    return told === -Errno.EOPNOTSUPP || told === -Errno.ENOSYS ? 0 : told;
  }

  fevent(caller: Caller, file: Description, mask: number): Outcome {
    return this.#simple(caller, { opcode: SchemeOp.FEVENT, args: [file.number, mask, 0, 0, 0, ids(caller)] });
  }

  fsync(caller: Caller, file: Description): Outcome {
    return this.#simple(caller, { opcode: SchemeOp.FSYNC, args: this.#withIds(caller, file) });
  }

  fchown(caller: Caller, file: Description, uid: number, gid: number): Outcome {
    return this.#simple(caller, {
      opcode: SchemeOp.FCHOWN,
      args: [file.number, uid, gid, 0, 0, ids(caller)],
    });
  }

  flink(caller: Caller, file: Description, path: string): Outcome {
    return this.#pathCall(caller, SchemeOp.FLINK, file, path);
  }

  frename(caller: Caller, file: Description, path: string): Outcome {
    return this.#pathCall(caller, SchemeOp.FRENAME, file, path);
  }

  call(caller: Caller, file: Description, payload: UserBuffer, metadata: readonly number[]): Outcome {
    const [a = 0, b = 0, c = 0] = metadata;
    return this.#exchange(caller, payload, () => ({
      opcode: SchemeOp.CALL,
      args: [file.number, 0, payload.length, a, b, c],
      payload: payload.read(),
    }));
  }

  stdFs(caller: Caller, file: Description, payload: UserBuffer, metadata: readonly number[]): Outcome {
    const [kind = 0, a = 0, b = 0] = metadata;
    const sends = SENDS_PAYLOAD.has(kind & 0xff);
    return this.#exchange(caller, payload, () => ({
      opcode: SchemeOp.STD_FS_CALL,
      args: [file.number, 0, payload.length, kind, a, b],
      ...(sends ? { payload: payload.read() } : {}),
    }));
  }

  sendDescriptors(
    caller: Caller,
    file: Description,
    sent: Description[],
    metadata: readonly number[],
  ): Outcome {
    const args = [file.number, SendFdFlag.CLONE, metadata[0] ?? 0, sent.length, 0, ids(caller)];
    return this.#simple(caller, { opcode: SchemeOp.SENDFD, args, attached: sent });
  }

  receiveDescriptors(
    caller: Caller,
    file: Description,
    count: number,
    metadata: readonly number[],
  ): Outcome | Description[] {
    const args = [file.number, 0, count, metadata[0] ?? 0, metadata[1] ?? 0, ids(caller)];
    let received: Description[] | undefined;
    const outcome = this.#ask(
      caller,
      () => ({ opcode: SchemeOp.RECVFD, args }),
      ({ result, files }) => {
        received = files ? [...files] : undefined;
        return files || result < 0 ? result : -Errno.EIO;
      },
    );
    return received ?? outcome;
  }

  fmap(caller: Caller, file: Description, request: MapRequest): Outcome {
    const args = [file.number, request.size, request.flags, request.offset, 0, ids(caller)];
    return this.#ask(
      caller,
      () => ({ opcode: SchemeOp.MMAP_PREP, args }),
      ({ result, object }) => {
        if (!object) return result < 0 ? result : -Errno.EOPNOTSUPP;
        const shared = (request.flags & MapFlag.SHARED) !== 0;
        return place(request, () => ({ kind: 'object', object: object.retain(), offset: result, shared }));
      },
    );
  }

  close(_kernel: Kernel, file: Description): void {
    if (!this.gone) this.requests.notify(SchemeOp.CLOSE_MSG, 0, [file.number]);
  }

  #withIds(caller: Caller, file: Description): number[] {
    return [file.number, 0, 0, 0, 0, ids(caller)];
  }

  #pathCall(caller: Caller, opcode: number, file: Description, path: string): Outcome {
    const payload = Buffer.from(path, 'utf8');
    return this.#simple(caller, {
      opcode,
      args: [file.number, 0, payload.length, 0, 0, ids(caller)],
      payload,
    });
  }

  #open(caller: Caller, flags: number, message: NewRequest): Opened {
    let opened: Description | undefined;
    const outcome = this.#ask(
      caller,
      () => message,
      ({ result, newFdFlags = 0, file }) => {
        opened = file;
        if (file || result < 0) return result;
        if (newFdFlags & ~NewFdFlag.POSITIONED) return -Errno.EINVAL;
        opened = new Description(this, result, flags, (newFdFlags & NewFdFlag.POSITIONED) !== 0);
        return 0;
      },
    );
    return opened ?? outcome;
  }

  #simple(caller: Caller, message: NewRequest): Outcome {
    return this.#ask(
      caller,
      () => message,
      ({ result }) => result,
    );
  }

  /** A request whose answer brings bytes for the client's buffer; the outcome is their number. */
  #fill(caller: Caller, into: UserBuffer, message: NewRequest): Outcome {
    return this.#ask(
      caller,
      () => ({ ...message, accept: into.length }),
      (answer) => deliver(answer, into),
    );
  }

  /** A request with bytes both ways. */
  #exchange(caller: Caller, payload: UserBuffer, message: () => NewRequest): Outcome {
    return this.#ask(
      caller,
      () => {
        payload.prepare();
        return { ...message(), accept: payload.length };
      },
      (answer) => (answer.bytes ? deliver(answer, payload) : answer.result),
    );
  }

  /** Sends once, waits for the answer, and takes it. The tag lives in the call, so every retry finds its request. */
  #ask(caller: Caller, message: () => NewRequest, take: (answer: Answer) => number): Outcome {
    const { context } = caller;
    const { call } = context;
    if (!call) return -Errno.EINVAL;
    const sent = this.requests.find(Number(call.scratch?.['tag'] ?? 0));
    if (!sent && context.interrupted) return -Errno.EINTR;
    const fresh = sent ? undefined : message();
    if (fresh && this.gone) return -goneErrno(fresh.opcode);
    const request = sent ?? this.requests.send(fresh as NewRequest, context.attributes.pid);
    call.scratch = { tag: request.tag, scheme: this.id };
    if (!request.answer) return this.#wait(caller, request.tag);
    const outcome = take(request.answer);
    request.answer.object?.release();
    this.requests.finish(request);
    return translate(outcome, request.canceling);
  }

  #wait({ context }: Caller, tag: number): Outcome {
    const request = this.requests.find(tag);
    if (context.interrupted && request) this.requests.cancel(request);
    return { keys: [this.requests.replyKey(tag)], onSignal: request?.canceling ? 'ignore' : 'retry' };
  }
}

const SENDS_PAYLOAD: ReadonlySet<number> = new Set([
  StdFsCall.FUTIMENS,
  StdFsCall.RELPATHAT,
  StdFsCall.LOCK,
  StdFsCall.UNLOCK,
  StdFsCall.GETLOCK,
]);

const ids = ({ context }: Caller) => packIds(context.attributes.euid, context.attributes.egid);

function deliver({ result, bytes, object }: Answer, into: UserBuffer): number {
  if (object) return into.write(object.read(result, into.length));
  if (!bytes) return result;
  const written = into.write(bytes);
  return bytes.length === result ? written : result;
}

/** Redox: ECANCELED is the server's way to say EINTR; EINTR that nobody asked for is an error of the server. */
function translate(outcome: number, canceling: boolean): number {
  if (canceling && outcome === -Errno.ECANCELED) return -Errno.EINTR;
  return !canceling && outcome === -Errno.EINTR ? -Errno.EIO : outcome;
}
