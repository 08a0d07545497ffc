import { Errno } from '../../../../core/abi/errno.js';
import { CallFlag, has, NewFdFlag, NO_OFFSET, Open, RwFlag } from '../../../../core/abi/flags.js';
import {
  CQE_BYTES,
  CqeOp,
  decodeSqe,
  encodeCqe,
  ExtensionCqeOp,
  ExtensionSchemeOp,
  packBytesResult,
  SchemeOp,
  SchemeSocketCall,
  SQE_BYTES,
  SqeFlag,
} from '../../../../core/abi/scheme-protocol.js';
import { NewFdParams } from '../../../../core/abi/structs.js';
import { INTERNAL_FD_BASE } from '../fd-table.js';
import { isErrno, messageOf, PosixError } from '../posix-error.js';
import { encodeUtf8 } from '../utf8.js';
import { callerOf, dispatch, messages } from './dispatch.js';
import { hasPayload } from './payload.js';
import { LATER } from './scheme.js';
import type { CarriedService, Cqe, Sqe } from '../../../../core/abi/scheme-protocol.js';
import type { Os } from '../os.js';
import type { Answer, Request } from './dispatch.js';
import type { Scheme, SentFds } from './scheme.js';

const BATCH = 16;
const CARRY_VERSION = 1;

/** Serves one scheme on its socket: receives requests, lets the scheme answer, parks what has to wait. */
export class SchemeServer {
  readonly #parked = new Map<number, Request>();
  #unsent: Cqe | undefined;
  #carrying: Uint8Array | undefined;

  constructor(
    private readonly os: Os,
    private readonly scheme: Scheme,
    readonly socket: number,
  ) {
    const carried = os.carried as CarriedService | undefined;
    for (const { sqe, payload } of carried?.parked ?? [])
      this.#park(this.#request(sqe, Uint8Array.from(payload)));
  }

  /** A descriptor for a handle of this scheme: how root capabilities are made. */
  descriptorOf(id: number): number {
    const params = NewFdParams.encode({ number: id, flags: Open.RDWR });
    return this.os.files.subObject(this.socket, params, INTERNAL_FD_BASE);
  }

  /** Serves until the socket is gone. */
  serve(): void {
    for (;;) {
      if (this.#parked.size > 0) this.#retry();
      this.#handle(this.#receive());
    }
  }

  /** Serves what is there, without waiting; for servers that wait on an event queue. */
  poll(): void {
    for (let sqes = this.#tryReceive(); sqes.length > 0; sqes = this.#tryReceive()) this.#handle(sqes);
    this.changed();
  }

  /** Something that requests wait for may have happened: tries the parked ones again. */
  changed(): void {
    this.#retry();
    this.#flush();
  }

  /** Tells subscribers that a handle has become ready. */
  postEvent(id: number, flags: number): void {
    this.#send({ op: CqeOp.SEND_FEVENT, extra: 0, tag: flags, result: id });
  }

  get parkedTags(): readonly number[] {
    return [...this.#parked.keys()];
  }

  #receive(): Sqe[] {
    const reply = this.#unsent ? encodeCqe(this.#unsent) : new Uint8Array();
    this.#unsent = undefined;
    const metadata = [SchemeSocketCall.REPLY_RECEIVE, reply.length, 0];
    const length = this.os.calls.call(this.socket, {
      flags: CallFlag.READ | CallFlag.WRITE,
      metadata,
      payload: reply,
      accept: BATCH * SQE_BYTES,
    });
    return unpack(this.os.calls.answer(length));
  }

  #tryReceive(): Sqe[] {
    this.#flush();
    try {
      const length = BATCH * SQE_BYTES;
      return unpack(this.os.calls.readAt(this.socket, length, NO_OFFSET, RwFlag.NONBLOCK));
    } catch (error) {
      if (isErrno(error, Errno.EAGAIN, Errno.EWOULDBLOCK)) return [];
      throw error;
    }
  }

  /** Payloads are copied first: the next call of any kind may hand their room to others. */
  #handle(sqes: readonly Sqe[]): void {
    const requests = sqes.map((sqe) => this.#request(sqe, this.#payload(sqe)));
    for (const request of requests) {
      this.#flush();
      this.#serveOne(request);
    }
  }

  #serveOne(request: Request): void {
    const { sqe } = request;
    const message = messages[sqe.opcode];
    if (sqe.opcode === ExtensionSchemeOp.CARRY) this.#answer(request, this.#carry(sqe.args[0] ?? 0));
    else if (this.#carrying) this.#park(request);
    else if (sqe.opcode === SchemeOp.CANCEL) this.#cancel(sqe.tag);
    else if (message) this.#guard(() => this.#deliver(() => message(this.scheme, sqe.args[0] ?? 0)));
    else this.#try(request);
  }

  #try(request: Request): void {
    const outcome = this.#outcome(request);
    if (outcome === LATER) this.#park(request);
    else this.#answer(request, outcome);
  }

  #outcome(request: Request): Answer | typeof LATER {
    try {
      const outcome = dispatch(this.scheme, request);
      if (outcome === LATER && wantsNoWait(request.sqe)) throw new PosixError(Errno.EAGAIN);
      this.scheme.commit?.();
      return outcome;
    } catch (error) {
      return { kind: 'number', result: -this.#errnoOf(error) };
    }
  }

  /** A fault of the service itself is EIO for the client, and said where somebody can read it. */
  #errnoOf(error: unknown): number {
    if (error instanceof PosixError) return error.errno;
    this.os.complain(messageOf(error));
    return Errno.EIO;
  }

  #guard(act: () => void): void {
    try {
      act();
    } catch (error) {
      this.os.complain(messageOf(error));
    }
  }

  #deliver(message: () => void): void {
    message();
    this.scheme.commit?.();
  }

  #park(request: Request): void {
    if ((request.sqe.flags & SqeFlag.ONEWAY) === 0) this.#parked.set(request.sqe.tag, request);
  }

  #retry(): void {
    if (this.#carrying) return;
    for (const [tag, request] of [...this.#parked]) {
      const outcome = this.#parked.has(tag) ? this.#outcome(request) : LATER;
      if (outcome === LATER) continue;
      this.#parked.delete(tag);
      this.#flush();
      this.#answer(request, outcome);
    }
  }

  #cancel(tag: number): void {
    if (!this.#parked.delete(tag)) return;
    this.#unsent = { op: CqeOp.RESPOND_REGULAR, extra: 0, tag, result: -Errno.ECANCELED };
  }

  /** Keeps the answer for the next receive, which takes it along. */
  #answer({ sqe }: Request, answer: Answer): void {
    if ((sqe.flags & SqeFlag.ONEWAY) !== 0) return;
    this.#unsent = { ...this.#encode(answer), tag: sqe.tag };
    if (answer.kind === 'opened' && 'fd' in answer.opened) this.#handOver(answer.opened.fd);
  }

  #handOver(fd: number): void {
    this.#flush();
    this.os.fds.release(fd);
  }

  #encode(answer: Answer): Omit<Cqe, 'tag'> {
    if (answer.kind === 'number') return { op: CqeOp.RESPOND_REGULAR, extra: 0, result: answer.result };
    if (answer.kind === 'object') {
      const { object, offset } = answer.range;
      return { op: ExtensionCqeOp.RESPOND_WITH_OBJECT, extra: object, result: offset };
    }
    if (answer.kind === 'opened') return encodeOpened(answer.opened);
    const { offset, length } = this.os.calls.lend(answer.bytes);
    const result = packBytesResult(answer.result ?? length, length);
    return { op: ExtensionCqeOp.RESPOND_WITH_BYTES, extra: offset, result };
  }

  #flush(): void {
    const cqe = this.#unsent;
    this.#unsent = undefined;
    if (cqe) this.#send(cqe);
  }

  /** A client that went away meanwhile takes no answer: no fault of the service. */
  #send(cqe: Cqe): void {
    try {
      this.os.calls.write(this.socket, encodeCqe(cqe));
    } catch (error) {
      if (!isErrno(error, Errno.EBADFD, Errno.EINVAL, Errno.ENOENT)) throw error;
    }
  }

  #payload(sqe: Sqe): Uint8Array {
    const [, pointer = 0, length = 0] = sqe.args;
    return hasPayload(sqe) ? this.os.calls.peek(pointer, length) : new Uint8Array();
  }

  #request(sqe: Sqe, payload: Uint8Array): Request {
    return { sqe, payload, caller: callerOf(sqe), sent: this.#sentFds(sqe) };
  }

  #sentFds({ args, tag }: Sqe): SentFds {
    const count = args[3] ?? 0;
    const take = () => {
      const fds = Array.from({ length: count }, () => this.os.fds.allocate(INTERNAL_FD_BASE));
      this.os.calls.receiveFds(this.socket, fds, [SchemeSocketCall.OBTAIN_FD, tag]);
      return fds;
    };
    return { count, metadata: args[2] ?? 0, take };
  }

  #carry(offset: number): Answer {
    this.#carrying ??= encodeUtf8(JSON.stringify(this.carry()));
    const bytes = this.#carrying.slice(offset, offset + 32_768);
    return { kind: 'bytes', bytes };
  }

  carry(): CarriedService {
    const parked = [...this.#parked.values()].map(({ sqe, payload }) => ({ sqe, payload: [...payload] }));
    const state = this.scheme.carry?.();
    return { version: CARRY_VERSION, socket: this.socket, parked, roots: this.os.namespace.asked(), state };
  }
}

function encodeOpened(opened: { id: number; positioned?: boolean } | { fd: number }): Omit<Cqe, 'tag'> {
  if ('fd' in opened) return { op: CqeOp.RESPOND_WITH_FD, extra: 0, result: opened.fd };
  const extra = opened.positioned ? NewFdFlag.POSITIONED : 0;
  return { op: CqeOp.RESPOND_REGULAR, extra, result: opened.id };
}

const unpack = (bytes: Uint8Array): Sqe[] =>
  Array.from({ length: Math.floor(bytes.length / SQE_BYTES) }, (_, i) => decodeSqe(bytes, i * SQE_BYTES));

/** READ and WRITE carry the flags of the description in args[4], OPENAT in args[3]. */
function wantsNoWait({ opcode, args }: Sqe): boolean {
  const at = opcode === SchemeOp.OPENAT ? 3 : 4;
  const carries = opcode === SchemeOp.READ || opcode === SchemeOp.WRITE || opcode === SchemeOp.OPENAT;
  return carries && has(args[at] ?? 0, Open.NONBLOCK);
}

export { CQE_BYTES };
