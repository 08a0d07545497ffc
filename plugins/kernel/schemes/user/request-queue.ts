import { Errno } from '../../../../core/abi/errno.js';
import { Open, StdFsCall } from '../../../../core/abi/flags.js';
import {
  encodeSqe,
  ExtensionSchemeOp,
  SchemeOp,
  SQE_BYTES,
  SqeFlag,
} from '../../../../core/abi/scheme-protocol.js';
import type { Waits } from '../../contexts/waits.js';
import type { Answer, NewRequest, Request } from './request.js';

const MAX_TAG = 0xffff_ffff;

/** A one-way message: nobody waits for an answer. */
interface Notice {
  readonly opcode: number;
  readonly tag: number;
  readonly args: readonly number[];
}

type Queued = { readonly request: Request } | { readonly notice: Notice };

/** Where the payload of a request may be put for its server. */
export interface PayloadArea {
  readonly start: number;
  readonly bytes: number;
  write(pointer: number, bytes: Uint8Array): void;
}

/** Messages of one scheme on their way to the server, and those it has not answered yet. */
export class RequestQueue {
  #queue: Queued[] = [];
  /** What went out last without an answer to come: nobody knows yet whether the server has got to it. */
  #handed: { readonly notices: readonly Queued[]; readonly receiver: number } | undefined;
  /** While a successor is made ready only the request for the server's state goes out. */
  #held = false;
  readonly #requests = new Map<number, Request>();
  #nextTag = 1;
  /** Told of every message that waits for the server: event queues watch sockets. */
  onArrival: () => void = () => undefined;
  /** Told whenever the server asks for messages: it is up. */
  onReceive: () => void = () => undefined;

  constructor(
    readonly key: string,
    private readonly waits: Waits,
  ) {}

  /** How many messages the server could receive now. */
  get length(): number {
    return this.#held ? this.#queue.filter(isCarry).length : this.#queue.length;
  }

  hold(): void {
    this.#held = true;
  }

  letGo(): void {
    this.#held = false;
    if (this.#queue.length > 0) this.#announce();
  }

  get unanswered(): readonly Request[] {
    return [...this.#requests.values()].filter((request) => !request.answer);
  }

  find(tag: number): Request | undefined {
    return this.#requests.get(tag);
  }

  /** The wait queue of the client behind a tag. */
  replyKey(tag: number): string {
    return `${this.key}:${tag}`;
  }

  send({ opcode, args, payload, accept = 0, attached = [], answered }: NewRequest, caller: number): Request {
    const tag = this.#freeTag();
    // prettier-ignore
    const request: Request = {
      tag, opcode, args, payload, accept, caller, attached, moved: [],
      receiver: undefined, replayed: false, canceling: false, abandoned: false, answer: undefined, answered,
    };
    this.#requests.set(tag, request);
    this.#push({ request });
    return request;
  }

  notify(opcode: number, tag: number, args: readonly number[]): void {
    this.#push({ notice: { opcode, tag, args } });
  }

  /** Asks the server to give up on a request; it must still answer. */
  cancel(request: Request): void {
    if (request.canceling) return;
    request.canceling = true;
    this.notify(SchemeOp.CANCEL, request.tag, []);
  }

  /** As many messages as fit, encoded, with their payloads in the server's area. Those before are done, as far as they were notices. */
  receive(maxBytes: number, area: PayloadArea, receiver: number): Uint8Array {
    const records: Uint8Array[] = [];
    const notices: Queued[] = [];
    let used = 0;
    while ((records.length + 1) * SQE_BYTES <= maxBytes) {
      const next = this.#held ? this.#queue.find(isCarry) : this.#queue[0];
      if (!next) break;
      const need = 'request' in next ? align8(next.request.payload?.length ?? 0) : 0;
      if (records.length > 0 && used + need > area.bytes) break;
      this.#queue.splice(this.#queue.indexOf(next), 1);
      records.push(this.#encode(next, area, area.start + used));
      if ('request' in next) next.request.receiver = receiver;
      else notices.push(next);
      used += need;
    }
    this.#handed = { notices, receiver };
    return concat(records);
  }

  /** 0, EBADFD for a tag nobody has, EINVAL for one that is answered. */
  answer(tag: number, answer: Answer): number {
    const request = this.#requests.get(tag);
    if (!request) return Errno.EBADFD;
    if (request.answer) return Errno.EINVAL;
    request.answer = answer;
    request.answered?.(answer);
    if (request.abandoned || request.answered) this.#requests.delete(tag);
    else this.waits.wake(this.replyKey(tag));
    return 0;
  }

  /** The client has its answer, or will never come for it. */
  finish(request: Request): void {
    this.#requests.delete(request.tag);
  }

  abandon(request: Request): void {
    if (request.answer) this.finish(request);
    else request.abandoned = true;
  }

  /** The server is gone for good: nothing is answered any more. */
  failAll(): void {
    this.#queue = [];
    for (const { tag, opcode } of this.unanswered) this.answer(tag, { result: -goneErrno(opcode) });
  }

  /** A server died with these in its hands: what can be repeated waits for the next server, once; the rest gets EIO. */
  lost(receiver: number): void {
    const again: Queued[] = this.#handed?.receiver === receiver ? [...this.#handed.notices] : [];
    this.#handed = undefined;
    for (const request of this.unanswered.filter((one) => one.receiver === receiver)) {
      if (!isRepeatable(request) || request.replayed || request.canceling) {
        this.answer(request.tag, { result: -Errno.EIO });
        continue;
      }
      Object.assign(request, { receiver: undefined, replayed: true });
      again.push({ request });
    }
    if (again.length === 0) return;
    this.#queue = [...again, ...this.#queue];
    this.#announce();
  }

  #push(queued: Queued): void {
    this.#queue.push(queued);
    this.#announce();
  }

  #announce(): void {
    this.waits.wake(this.key);
    this.onArrival();
  }

  #encode(next: Queued, area: PayloadArea, at: number): Uint8Array {
    if ('notice' in next) {
      const { opcode, tag, args } = next.notice;
      return encodeSqe({ opcode, flags: SqeFlag.ONEWAY, tag, args, caller: 0 });
    }
    const { request } = next;
    const args = [...request.args];
    if (request.payload) args[1] = at;
    if (request.payload) area.write(at, request.payload);
    return encodeSqe({ opcode: request.opcode, flags: 0, tag: request.tag, args, caller: request.caller });
  }

  #freeTag(): number {
    while (this.#requests.has(this.#nextTag)) this.#nextTag = (this.#nextTag % MAX_TAG) + 1;
    const tag = this.#nextTag;
    this.#nextTag = (tag % MAX_TAG) + 1;
    return tag;
  }
}

const REPEATABLE: ReadonlySet<number> = new Set([
  SchemeOp.READ,
  SchemeOp.FSIZE,
  SchemeOp.FEVENT,
  SchemeOp.FPATH,
  SchemeOp.FSTAT,
  SchemeOp.FSYNC,
  SchemeOp.MMAP_PREP,
]);

const REPEATABLE_STD_FS: ReadonlySet<number> = new Set([
  StdFsCall.FSTAT,
  StdFsCall.FSTATVFS,
  StdFsCall.FSYNC,
  StdFsCall.GETDENTS,
]);

/** Who opens may look for a successor; what was open is lost. */
export const goneErrno = (opcode: number): number =>
  opcode === SchemeOp.OPENAT || opcode === SchemeOp.UNLINKAT ? Errno.ENODEV : Errno.EIO;

/** Repeating it changes nothing that doing it once did not. */
function isRepeatable({ opcode, args }: Request): boolean {
  if (opcode === SchemeOp.READ) return (args[3] ?? -1) >= 0;
  if (opcode === SchemeOp.STD_FS_CALL) return REPEATABLE_STD_FS.has((args[3] ?? 0) & 0xff);
  if (opcode === SchemeOp.OPENAT) return !((args[3] ?? 0) & (Open.CREAT | Open.TRUNC));
  return REPEATABLE.has(opcode);
}

const isCarry = (queued: Queued): boolean =>
  'request' in queued && queued.request.opcode === ExtensionSchemeOp.CARRY;

const align8 = (bytes: number) => Math.ceil(bytes / 8) * 8;

function concat(records: readonly Uint8Array[]): Uint8Array {
  const all = new Uint8Array(records.reduce((sum, record) => sum + record.length, 0));
  let at = 0;
  for (const record of records) {
    all.set(record, at);
    at += record.length;
  }
  return all;
}
