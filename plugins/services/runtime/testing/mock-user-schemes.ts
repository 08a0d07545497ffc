import { Errno } from '../../../../core/abi/errno.js';
import { has, MAX_TRANSFER_BYTES, Open } from '../../../../core/abi/flags.js';
import { CREATE_SCHEME } from '../../../../core/abi/kernel-schemes.js';
import { REQUEST_AREA_BYTES, REQUEST_AREA_OFFSET } from '../../../../core/abi/isolate-page.js';
import {
  CqeOp,
  decodeCqe,
  encodeSqe,
  ExtensionCqeOp,
  packIds,
  SchemeOp,
  SchemeSocketCall,
  SQE_BYTES,
  SqeFlag,
  unpackBytesResult,
} from '../../../../core/abi/scheme-protocol.js';
import { NewFdParams, Stat } from '../../../../core/abi/structs.js';
import { decodeWords } from '../../../../core/abi/wire.js';
import { checked, PosixError } from '../posix-error.js';
import { concat, decodeUtf8, encodeUtf8 } from '../utf8.js';
import { hasPayload } from '../scheme/payload.js';
import { MustWait } from './mock-types.js';
import type { Cqe, Sqe } from '../../../../core/abi/scheme-protocol.js';
import type { MockKernel } from './mock-kernel.js';
import type { MockMemory } from './mock-schemes.js';
import type { CallParts, MockContext, MockDescription, MockOpened, MockScheme } from './mock-types.js';

const fail = (errno: number): never => {
  throw new PosixError(errno);
};

interface Waiting {
  readonly sqe: Sqe;
  readonly payload: Uint8Array;
  readonly sent: readonly MockDescription[];
  answer?: { readonly cqe: Cqe; readonly bytes?: Uint8Array; readonly description?: MockDescription };
}

/** The scheme manager: sockets, requests and answers, as isolates see them. */
export class MockSchemeManager implements MockScheme {
  readonly name = 'manager';
  readonly schemes = new Map<number, MockUserScheme>();
  #next = 17;

  constructor(
    private readonly kernel: MockKernel,
    private readonly memory: MockMemory,
  ) {}

  dup(_context: MockContext, { number }: MockDescription, name: Uint8Array): MockOpened {
    if (number === 0) {
      if (decodeUtf8(name) !== CREATE_SCHEME) fail(Errno.EINVAL);
      const id = this.#next++;
      this.schemes.set(id, new MockUserScheme(`scheme ${id}`, this.kernel, this.memory));
      return { number: id };
    }
    const params = NewFdParams.decode(name);
    const scheme = this.#of(number);
    const description = {
      scheme,
      number: params.number,
      flags: params.flags,
      offset: 0,
      positioned: false,
      references: 0,
    };
    return { description };
  }
  read(
    context: MockContext,
    { number }: MockDescription,
    length: number,
    _offset: number,
    flags: number,
  ): Uint8Array {
    return this.#of(number).receive(context, length, has(flags, Open.NONBLOCK));
  }
  write(context: MockContext, { number }: MockDescription, bytes: Uint8Array): number {
    for (let at = 0; at + 16 <= bytes.length; at += 16)
      this.#of(number).answer(context, decodeCqe(bytes, at));
    return bytes.length;
  }
  call(context: MockContext, { number }: MockDescription, { payload, metadata }: CallParts) {
    const [verb, second = 0] = metadata;
    const scheme = this.#of(number);
    if (verb === SchemeSocketCall.OBTAIN_FD)
      return { result: scheme.obtain(context, second, decodeWords(payload)) };
    if (verb !== SchemeSocketCall.REPLY_RECEIVE) return fail(Errno.EINVAL);
    for (let at = 0; at < second; at += 16) scheme.answer(context, decodeCqe(payload, at));
    const bytes = scheme.receive(context, payload.length, false);
    return { result: bytes.length, bytes };
  }
  close(number: number): void {
    this.schemes.get(number)?.end();
    this.schemes.delete(number);
  }
  #of(number: number): MockUserScheme {
    return this.schemes.get(number) ?? fail(Errno.EBADF);
  }
}

/** One scheme served by a process. */
export class MockUserScheme implements MockScheme {
  #queue: Waiting[] = [];
  readonly #sent = new Map<number, Waiting>();
  #nextTag = 1;
  #ended = false;

  constructor(
    readonly name: string,
    private readonly kernel: MockKernel,
    private readonly memory: MockMemory,
  ) {}

  openat(context: MockContext, number: number, path: string, flags: number): MockOpened {
    return this.#open(context, SchemeOp.OPENAT, [number, 0, 0, flags], encodeUtf8(path));
  }
  dup(context: MockContext, { number }: MockDescription, name: Uint8Array): MockOpened {
    return this.#open(context, SchemeOp.DUP, [number], name);
  }
  read(
    context: MockContext,
    { number, flags: own }: MockDescription,
    length: number,
    offset: number,
    flags = own,
  ): Uint8Array {
    const args = [number, 0, length, offset, flags];
    const { cqe, bytes } = this.#ask(context, SchemeOp.READ, args);
    if (bytes) return bytes.subarray(0, length);
    const count = checked(cqe.result, 'read');
    return count === 0 ? new Uint8Array() : fail(Errno.EIO);
  }
  write(context: MockContext, { number, flags }: MockDescription, bytes: Uint8Array, offset: number): number {
    const { cqe } = this.#ask(context, SchemeOp.WRITE, [number, 0, bytes.length, offset, flags], bytes);
    return cqe.op === ExtensionCqeOp.RESPOND_WITH_OBJECT ? bytes.length : checked(cqe.result, 'write');
  }
  fsize(context: MockContext, { number }: MockDescription): number {
    return this.#number(context, SchemeOp.FSIZE, [number]);
  }
  fstat(context: MockContext, { number }: MockDescription) {
    const { cqe, bytes } = this.#ask(context, SchemeOp.FSTAT, [number, 0, Stat.sizeBytes]);
    checked(cqe.result, 'stat');
    return bytes ? Stat.decode(bytes) : fail(Errno.EIO);
  }
  fpath(context: MockContext, { number }: MockDescription): string {
    const { cqe, bytes } = this.#ask(context, SchemeOp.FPATH, [number, 0, 4096]);
    checked(cqe.result, 'fpath');
    return decodeUtf8(bytes ?? new Uint8Array());
  }
  fcntl(context: MockContext, { number }: MockDescription, command: number, argument: number): number {
    return this.#number(context, SchemeOp.FCNTL, [number, command, argument]);
  }
  fevent(context: MockContext, { number }: MockDescription, mask: number): number {
    return this.#number(context, SchemeOp.FEVENT, [number, mask]);
  }
  fchown(context: MockContext, { number }: MockDescription, uid: number, gid: number): void {
    this.#number(context, SchemeOp.FCHOWN, [number, uid, gid]);
  }
  path(context: MockContext, { number }: MockDescription, operation: 'flink' | 'frename', to: string): void {
    const op = operation === 'flink' ? SchemeOp.FLINK : SchemeOp.FRENAME;
    this.#number(context, op, [number], encodeUtf8(to));
  }
  unlinkat(context: MockContext, number: number, path: string, flags: number): void {
    this.#number(context, SchemeOp.UNLINKAT, [number, 0, 0, flags], encodeUtf8(path));
  }
  stdFs(context: MockContext, { number }: MockDescription, { payload, metadata }: CallParts) {
    const [kind = 0, arg1 = 0, arg2 = 0] = metadata;
    const args = [number, 0, payload.length, kind, arg1, arg2];
    return this.#result(this.#ask(context, SchemeOp.STD_FS_CALL, args, payload));
  }
  call(context: MockContext, { number }: MockDescription, { payload, metadata }: CallParts) {
    const [a = 0, b = 0, c = 0] = metadata;
    const args = [number, 0, payload.length, a, b, c];
    return this.#result(this.#ask(context, SchemeOp.CALL, args, payload));
  }
  sendFds(
    context: MockContext,
    { number }: MockDescription,
    sent: readonly MockDescription[],
    metadata: readonly number[],
  ): number {
    const args = [number, 0, metadata[0] ?? 0, sent.length];
    const { cqe } = this.#ask(context, SchemeOp.SENDFD, args, undefined, sent);
    return checked(cqe.result, 'sendfd');
  }
  close(number: number): void {
    if (!this.#ended)
      this.#queue.push({ sqe: sqe(SchemeOp.CLOSE_MSG, 0, [number], 0), payload: new Uint8Array(), sent: [] });
  }

  /** Whole requests, with their payloads in the server's request area. */
  receive(context: MockContext, length: number, nonBlocking: boolean): Uint8Array {
    if (this.#queue.length === 0) {
      if (nonBlocking) return fail(Errno.EAGAIN);
      throw new MustWait(`${this.name}: no requests`);
    }
    const records: Uint8Array[] = [];
    let at = 0;
    while (this.#queue.length > 0 && (records.length + 1) * SQE_BYTES <= length) {
      const next = this.#queue[0];
      if (!next || at + next.payload.length > REQUEST_AREA_BYTES) break;
      this.#queue.shift();
      records.push(encodeSqe(this.#deliver(context, next, REQUEST_AREA_OFFSET + at)));
      at += Math.ceil(next.payload.length / 8) * 8;
    }
    return concat(records);
  }

  answer(context: MockContext, cqe: Cqe): void {
    if (cqe.op === CqeOp.SEND_FEVENT) return;
    const waiting = this.#sent.get(cqe.tag);
    if (!waiting) return fail(Errno.EBADFD);
    this.#sent.delete(cqe.tag);
    waiting.answer = { cqe, ...this.#content(context, waiting, cqe) };
  }

  obtain(context: MockContext, tag: number, slots: readonly number[]): number {
    const sent = this.#sent.get(tag)?.sent ?? fail(Errno.ENOENT);
    slots.forEach((slot, i) => {
      const description = sent[i];
      if (description) this.kernel.install(context, slot, description);
    });
    return slots.length;
  }

  end(): void {
    this.#ended = true;
    const cqe = { op: 0, extra: 0, tag: 0, result: -Errno.ENODEV };
    for (const waiting of [...this.#queue, ...this.#sent.values()]) waiting.answer = { cqe };
  }

  #deliver(context: MockContext, waiting: Waiting, at: number): Sqe {
    const { sqe: request, payload } = waiting;
    if (request.opcode !== SchemeOp.CLOSE_MSG) this.#sent.set(request.tag, waiting);
    if (payload.length === 0) return request;
    context.memory.set(payload, at);
    const args = [...request.args];
    args[1] = at;
    args[2] = payload.length;
    return { ...request, args };
  }

  #content(context: MockContext, { sqe: { opcode, args }, payload }: Waiting, cqe: Cqe) {
    if (cqe.op === ExtensionCqeOp.RESPOND_WITH_BYTES) {
      const { result, byteCount } = unpackBytesResult(cqe.result);
      return { cqe: { ...cqe, result }, bytes: context.memory.slice(cqe.extra, cqe.extra + byteCount) };
    }
    if (cqe.op === CqeOp.RESPOND_WITH_FD) {
      const description = this.kernel.description(context, cqe.result);
      context.table.delete(cqe.result);
      description.references--;
      return { description };
    }
    if (cqe.op !== ExtensionCqeOp.RESPOND_WITH_OBJECT) return {};
    const { number } = this.kernel.description(context, cqe.extra);
    if (opcode === SchemeOp.WRITE) this.memory.store(number, cqe.result, payload);
    return { bytes: this.memory.get(number).slice(cqe.result, cqe.result + (args[2] ?? 0)) };
  }

  #open(context: MockContext, opcode: number, args: number[], payload: Uint8Array): MockOpened {
    const { cqe, description } = this.#ask(context, opcode, args, payload);
    if (description) return { description };
    return { number: checked(cqe.result, 'open'), positioned: (cqe.extra & 1) !== 0 };
  }

  #number(context: MockContext, opcode: number, args: number[], payload?: Uint8Array): number {
    return checked(this.#ask(context, opcode, args, payload).cqe.result, 'call');
  }

  #result({ cqe, bytes }: NonNullable<Waiting['answer']>) {
    return { result: checked(cqe.result, 'call'), ...(bytes ? { bytes } : {}) };
  }

  #ask(
    context: MockContext,
    opcode: number,
    args: readonly number[],
    payload?: Uint8Array,
    sent: readonly MockDescription[] = [],
  ): NonNullable<Waiting['answer']> {
    const pending = context.waiting as Waiting | undefined;
    if (pending?.answer) {
      context.waiting = undefined;
      if (pending.answer.cqe.result < 0) checked(pending.answer.cqe.result, 'call');
      return pending.answer;
    }
    if (!pending) this.#enqueue(context, opcode, args, payload, sent);
    throw new MustWait(`${this.name}: waiting for an answer`);
  }

  #enqueue(
    context: MockContext,
    opcode: number,
    args: readonly number[],
    payload: Uint8Array | undefined,
    sent: readonly MockDescription[],
  ): void {
    if (this.#ended) fail(Errno.ENODEV);
    const { pid, uid, gid } = context.attributes;
    const ids = args.length > 5 ? (args[5] ?? 0) : packIds(uid, gid);
    const request = sqe(opcode, this.#nextTag++, [...padded(args, 5), ids], pid);
    const bytes = payload && hasPayload(request) ? payload.slice(0, MAX_TRANSFER_BYTES) : new Uint8Array();
    const waiting: Waiting = { sqe: request, payload: bytes, sent };
    context.waiting = waiting;
    this.#queue.push(waiting);
  }
}

const padded = (args: readonly number[], length: number): number[] =>
  Array.from({ length }, (_, i) => args[i] ?? 0);

const sqe = (opcode: number, tag: number, args: readonly number[], caller: number): Sqe => ({
  opcode,
  flags: opcode === SchemeOp.CLOSE_MSG ? SqeFlag.ONEWAY : 0,
  tag,
  args,
  caller,
});
