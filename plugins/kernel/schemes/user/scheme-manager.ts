import { Errno } from '../../../../core/abi/errno.js';
import { NewFdFlag, Open, RwFlag } from '../../../../core/abi/flags.js';
import { REQUEST_AREA_BYTES, REQUEST_AREA_OFFSET } from '../../../../core/abi/isolate-page.js';
import { CREATE_SCHEME, SchemeId } from '../../../../core/abi/kernel-schemes.js';
import {
  CQE_BYTES,
  CqeOp,
  decodeCqe,
  ExtensionCqeOp,
  SchemeSocketCall,
  SQE_BYTES,
  unpackBytesResult,
} from '../../../../core/abi/scheme-protocol.js';
import type { Cqe } from '../../../../core/abi/scheme-protocol.js';
import { NewFdParams } from '../../../../core/abi/structs.js';
import type { Context } from '../../contexts/context.js';
import { waitFor } from '../../contexts/outcome.js';
import type { Outcome } from '../../contexts/outcome.js';
import { Description } from '../../files/description.js';
import type { Caller, Opened, Provider, UserBuffer } from '../../files/description.js';
import { EventFlag } from '../../files/events.js';
import type { Kernel } from '../../kernel.js';
import { objectOf } from '../memory/objects.js';
import type { Answer } from './request.js';
import { UserScheme } from './user-scheme.js';

const CREATION_CAPABILITY = 0;
const LAST_ID = 65_535;

/** Redox's "SchemeList": hands out scheme sockets, over which servers receive requests and answer them. */
export class SchemeManager implements Provider {
  readonly id = SchemeId.MANAGER;
  readonly name = 'scheme-manager';
  readonly #schemes = new Map<number, UserScheme>();
  #nextId: number = SchemeId.FIRST_USER;

  constructor(private readonly kernel: Kernel) {}

  /** The right to create schemes. */
  creationCapability(): Description {
    return new Description(this, CREATION_CAPABILITY, Open.RDWR, false);
  }

  scheme(id: number): UserScheme | undefined {
    return this.#schemes.get(id);
  }

  /** The scheme whose socket a context holds. */
  servedBy(context: Context): UserScheme | undefined {
    const files = (context.files?.entries() ?? []).map(([, file]) => file);
    const socket = files.find((file) => file.provider === this && this.#schemes.has(file.number));
    return socket && this.#schemes.get(socket.number);
  }

  dup({ context }: Caller, file: Description, name: Uint8Array): Opened {
    if (file.number !== CREATION_CAPABILITY) return this.#newFile(file, name);
    if (context.attributes.euid !== 0) return -Errno.EACCES;
    if (Buffer.from(name).toString('latin1') !== CREATE_SCHEME) return -Errno.EINVAL;
    return new Description(this, this.#create().id, Open.RDWR, false);
  }

  read({ context }: Caller, file: Description, into: UserBuffer, _offset: number, flags: number): Outcome {
    const scheme = this.#schemes.get(file.number);
    if (!scheme) return -Errno.EBADF;
    return this.#receive(context, scheme, into, (flags & Open.NONBLOCK) !== 0);
  }

  write({ context }: Caller, file: Description, from: UserBuffer): Outcome {
    const scheme = this.#schemes.get(file.number);
    if (!scheme) return -Errno.EBADF;
    return this.#answerAll(context, scheme, from.read());
  }

  call(
    caller: Caller,
    file: Description,
    payload: UserBuffer,
    [verb, cqeBytes = 0, flags = 0]: readonly number[],
  ): Outcome {
    const { context } = caller;
    const scheme = this.#schemes.get(file.number);
    if (!scheme || verb !== SchemeSocketCall.REPLY_RECEIVE) return -Errno.EINVAL;
    if (!(cqeBytes >= 0 && cqeBytes <= payload.length)) return -Errno.EINVAL;
    const { call } = context;
    if (call && !call.scratch) {
      this.#answerAll(context, scheme, payload.read(cqeBytes));
      call.scratch = { answered: true };
    }
    return this.#receive(context, scheme, payload, (flags & RwFlag.NONBLOCK) !== 0);
  }

  receiveDescriptors(
    _caller: Caller,
    file: Description,
    count: number,
    metadata: readonly number[],
  ): Outcome | Description[] {
    const request = this.#schemes.get(file.number)?.requests.find(metadata[1] ?? 0);
    if (metadata[0] !== SchemeSocketCall.OBTAIN_FD || metadata.length !== 2) return -Errno.EINVAL;
    if (!request) return -Errno.ENOENT;
    return request.attached.splice(0, count);
  }

  sendDescriptors(
    _caller: Caller,
    file: Description,
    sent: Description[],
    metadata: readonly number[],
  ): Outcome {
    const request = this.#schemes.get(file.number)?.requests.find(metadata[1] ?? 0);
    if (metadata[0] !== SchemeSocketCall.MOVE_FD || metadata.length !== 2) return -Errno.EINVAL;
    if (!request || request.answer) return -Errno.ENOENT;
    request.moved.push(...sent);
    return sent.length;
  }

  fevent(_caller: Caller, file: Description, mask: number): Outcome {
    const pending = this.#schemes.get(file.number)?.requests.length ?? 0;
    return pending > 0 ? mask & EventFlag.READ : 0;
  }

  fpath(_caller: Caller, _file: Description, into: UserBuffer): Outcome {
    return into.write(Buffer.from('/scheme'));
  }

  /** The server's socket is gone: so is its scheme. */
  close(kernel: Kernel, file: Description): void {
    const scheme = this.#schemes.get(file.number);
    if (!scheme) return;
    scheme.gone = true;
    this.#schemes.delete(scheme.id);
    kernel.schemes.delete(scheme.id);
    scheme.requests.failAll();
  }

  /** A client died with a request under way, or a server with requests in its hands. */
  forget(context: Context): void {
    for (const { requests: held } of this.#schemes.values()) held.lost(context.id);
    const { tag, scheme } = context.call?.scratch ?? {};
    const requests = this.#schemes.get(Number(scheme ?? -1))?.requests;
    const request = requests?.find(Number(tag));
    if (request) requests?.abandon(request);
  }

  #create(): UserScheme {
    while (this.kernel.schemes.has(this.#nextId)) this.#nextId = this.#following(this.#nextId);
    const scheme = new UserScheme(this.#nextId, this.kernel);
    this.#nextId = this.#following(this.#nextId);
    scheme.requests.onArrival = () => this.kernel.events.trigger(this, scheme.id, EventFlag.READ);
    this.#schemes.set(scheme.id, scheme);
    this.kernel.schemes.set(scheme.id, scheme);
    return scheme;
  }

  #following(id: number): number {
    return id >= LAST_ID ? SchemeId.FIRST_USER : id + 1;
  }

  /** dup on a socket with NewFdParams: a file of this scheme, such as its root. */
  #newFile(socket: Description, params: Uint8Array): Opened {
    const scheme = this.#schemes.get(socket.number);
    if (!scheme || params.length < NewFdParams.sizeBytes) return -Errno.EINVAL;
    const { offset, number, flags, internalFlags } = NewFdParams.decode(params);
    const file = new Description(scheme, number, flags, (internalFlags & NewFdFlag.POSITIONED) !== 0);
    file.offset = offset;
    return file;
  }

  #receive(context: Context, scheme: UserScheme, into: UserBuffer, nonBlocking: boolean): Outcome {
    if (context.engine.kind !== 'isolate') return -Errno.EOPNOTSUPP;
    if (into.length < SQE_BYTES) return -Errno.EINVAL;
    into.prepare();
    const { requests } = scheme;
    requests.onReceive();
    if (requests.length === 0) return nonBlocking ? -Errno.EAGAIN : waitFor(requests.key);
    const area = {
      start: REQUEST_AREA_OFFSET,
      bytes: REQUEST_AREA_BYTES,
      write: (pointer: number, bytes: Uint8Array) => context.user.write(pointer, bytes),
    };
    return into.write(requests.receive(into.length, area, context.id));
  }

  /** Bytes of the answers taken; an error only when the first one fails. */
  #answerAll(context: Context, scheme: UserScheme, bytes: Uint8Array): number {
    let at = 0;
    for (; at + CQE_BYTES <= bytes.length; at += CQE_BYTES) {
      const errno = this.#answerOne(context, scheme, decodeCqe(bytes, at));
      if (errno !== 0) return at > 0 ? at : -errno;
    }
    return at;
  }

  #answerOne(context: Context, scheme: UserScheme, cqe: Cqe): number {
    if (cqe.op === CqeOp.SEND_FEVENT) {
      this.kernel.events.trigger(scheme, cqe.result, cqe.tag);
      return 0;
    }
    const answer = this.#decode(context, scheme, cqe);
    return answer ? scheme.requests.answer(cqe.tag, answer) : Errno.EINVAL;
  }

  #decode(context: Context, scheme: UserScheme, { op, extra, tag, result }: Cqe): Answer | undefined {
    switch (op) {
      case CqeOp.RESPOND_REGULAR:
      case CqeOp.RESPOND_AND_NOTIFY_ON_DETACH:
        return { result, newFdFlags: extra & 0xff };
      case CqeOp.RESPOND_WITH_FD:
        return takeFile(context, result);
      case CqeOp.RESPOND_WITH_MULTIPLE_FDS:
        return { result, files: scheme.requests.find(tag)?.moved.splice(0) ?? [] };
      case ExtensionCqeOp.RESPOND_WITH_OBJECT:
        return withObject(context, extra, result);
      case ExtensionCqeOp.RESPOND_WITH_BYTES:
        return withBytes(context, extra, result);
      default:
        return undefined;
    }
  }
}

function takeFile(context: Context, fd: number): Answer {
  const file = context.files?.take(fd);
  return file ? { result: 0, file } : { result: -Errno.EIO };
}

function withBytes(context: Context, pointer: number, word: number): Answer {
  const { result, byteCount } = unpackBytesResult(word);
  return { result, bytes: context.user.read(pointer, byteCount) };
}

function withObject(context: Context, fd: number, offset: number): Answer {
  const file = context.files?.get(fd);
  const object = file && objectOf(file);
  return object ? { result: offset, object: object.retain() } : { result: -Errno.EIO };
}
