import { Errno } from '../../../../core/abi/errno.js';
import type { Waits } from '../../contexts/waits.js';
import type { Description } from '../../files/description.js';
import type { Kernel } from '../../kernel.js';
import type { InFlight } from './in-flight.js';

/** bits/socket_type.h. */
export const SocketType = { STREAM: 1, DGRAM: 2, SEQPACKET: 5 } as const;

/** Bytes that one side may send ahead, as net.core.wmem_default. */
export const BUFFER_BYTES = 212_992;
const MAX_DATAGRAMS = 512;

export interface SocketCredentials {
  readonly pid: number;
  readonly uid: number;
  readonly gid: number;
}

export interface Message {
  readonly bytes: Uint8Array;
  /** Address of the sender, without the family; empty for none. */
  readonly from: string;
  readonly files: readonly Description[];
  readonly credentials: SocketCredentials;
}

export interface Received {
  readonly bytes: Uint8Array;
  readonly from: string;
  readonly files: readonly Description[];
  readonly credentials: SocketCredentials | undefined;
  /** Length of the whole datagram, of which `bytes` may be the head. */
  readonly wholeBytes: number;
}

export interface ReceiveRequest {
  readonly limit: number;
  readonly peek: boolean;
}

/** What may have to wait names the queue that tells of a change. */
export type Blocked = { readonly waitKey: string };
export const isBlocked = <T>(result: T | Blocked): result is Blocked =>
  typeof result === 'object' && result !== null && 'waitKey' in result;

const NOBODY: SocketCredentials = { pid: 0, uid: 0xffff_ffff, gid: 0xffff_ffff };

/** One AF_UNIX socket of any type. Numbers below zero are negated errnos. */
export class UnixSocket {
  readonly key: string;
  /** Woken when there is room again. */
  readonly roomKey: string;
  /** Bytes of sun_path, one character each; empty while unbound. */
  address = '';
  peer: UnixSocket | undefined;
  /** Where the peer is or was bound; undefined for a socket that was never connected. */
  peerAddress: string | undefined;
  peerCredentials = NOBODY;
  readShut = false;
  writeShut = false;
  passCredentials = false;
  receiveTimeoutNs: number | undefined;
  sendTimeoutNs: number | undefined;
  backlogLimit = 0;
  listening = false;
  readonly backlog: UnixSocket[] = [];
  #queue: Message[] = [];
  #queuedBytes = 0;
  #wasConnected = false;
  #closed = false;
  #error = 0;
  readonly #waits: Waits;

  constructor(
    readonly kernel: Kernel,
    readonly type: number,
    readonly id: number,
    readonly owner: SocketCredentials,
    private readonly inFlight: InFlight,
  ) {
    this.key = `socket:${id}`;
    this.roomKey = `socket:${id}:room`;
    this.#waits = kernel.waits;
  }

  get isStream(): boolean {
    return this.type === SocketType.STREAM;
  }

  get isDatagram(): boolean {
    return this.type === SocketType.DGRAM;
  }

  get closed(): boolean {
    return this.#closed;
  }

  get availableBytes(): number {
    return this.isStream ? this.#queuedBytes : (this.#queue[0]?.bytes.length ?? 0);
  }

  /** Makes two sockets each other's peer. */
  pair(other: UnixSocket): void {
    this.#connected(other);
    other.#connected(this);
  }

  #connected(peer: UnixSocket): void {
    this.peer = peer;
    this.peerCredentials = peer.owner;
    this.peerAddress = peer.address;
    this.#wasConnected = true;
    this.#changed();
  }

  /** Datagrams go to `peer` from now on; it need not answer. */
  setDefaultPeer(peer: UnixSocket | undefined): void {
    this.peer = peer;
    this.peerAddress = peer?.address;
    this.#changed();
  }

  /** Queues a connection; the answer is the end that `accept` will hand out. */
  connectTo(listener: UnixSocket, newId: number): UnixSocket | Blocked | number {
    if (this.peer || this.listening) return this.listening ? -Errno.EINVAL : -Errno.EISCONN;
    if (!listener.listening || listener.type !== this.type) return -Errno.ECONNREFUSED;
    if (listener.backlog.length > listener.backlogLimit) return { waitKey: listener.roomKey };
    const end = new UnixSocket(this.kernel, this.type, newId, listener.owner, this.inFlight);
    end.address = listener.address;
    this.pair(end);
    listener.backlog.push(end);
    listener.#changed();
    return end;
  }

  accept(): UnixSocket | Blocked | number {
    if (!this.listening) return -Errno.EINVAL;
    const end = this.backlog.shift();
    if (!end) return { waitKey: this.key };
    this.#waits.wake(this.roomKey);
    return end;
  }

  /**
   * Bytes sent; a stream takes what there is room for, and nothing of an empty message. `target` is where a datagram goes if not to the
   * peer. Descriptors belong to the message once it is taken.
   */
  send(message: Message, target = this.peer): number | Blocked {
    const errno = this.#sendErrno(target);
    if (errno !== 0 || !target) return -errno;
    const { length } = message.bytes;
    if (!this.isStream && length > BUFFER_BYTES) return -Errno.EMSGSIZE;
    const room = BUFFER_BYTES - target.#queuedBytes;
    const full = this.isStream
      ? room <= 0
      : (length > room && target.#queue.length > 0) || target.#queue.length >= MAX_DATAGRAMS;
    if (full) return { waitKey: target.roomKey };
    if (this.isStream && length === 0) return 0;
    if (!this.inFlight.admits(message.files)) return -Errno.ETOOMANYREFS;
    const bytes = this.isStream ? message.bytes.subarray(0, room) : message.bytes;
    target.#queue.push({ ...message, bytes });
    target.#queuedBytes += bytes.length;
    this.inFlight.add(message.files);
    target.#changed();
    return bytes.length;
  }

  #sendErrno(target: UnixSocket | undefined): number {
    if (this.writeShut) return Errno.EPIPE;
    if (!target) return this.#wasConnected ? Errno.EPIPE : Errno.ENOTCONN;
    const { peer } = target;
    if (this.isDatagram && peer && peer !== this) return Errno.EPERM;
    if (target.#closed) return this.isDatagram ? Errno.ECONNREFUSED : Errno.EPIPE;
    return target.readShut ? Errno.EPIPE : 0;
  }

  /** Room for at least some bytes of a stream, or for one more datagram. */
  get writable(): boolean {
    const { peer } = this;
    if (this.listening) return false;
    if (!peer) return this.isDatagram || this.#wasConnected;
    return peer.#queuedBytes < BUFFER_BYTES && peer.#queue.length < MAX_DATAGRAMS;
  }

  get readable(): boolean {
    return this.listening ? this.backlog.length > 0 : this.#queue.length > 0 || this.atEnd;
  }

  /** Nothing more will come. */
  get atEnd(): boolean {
    if (this.readShut) return true;
    return !this.isDatagram && this.#wasConnected && (!this.peer || this.peer.writeShut);
  }

  get hungUp(): boolean {
    return !this.isDatagram && this.#wasConnected && (!this.peer || (this.readShut && this.writeShut));
  }

  /** The error that waits to be told, once. */
  takeError(): number {
    const error = this.#error;
    this.#error = 0;
    return error;
  }

  receive({ limit, peek }: ReceiveRequest): Received | Blocked | number {
    const first = this.#queue[0];
    if (!first) return this.#emptyReceive();
    return this.isStream ? this.#receiveStream(first, limit, peek) : this.#receiveMessage(first, limit, peek);
  }

  #emptyReceive(): Received | Blocked | number {
    if (this.#error !== 0) return -this.takeError();
    if (this.atEnd) return NOTHING;
    if (!this.isDatagram && !this.#wasConnected) return this.isStream ? -Errno.EINVAL : -Errno.ENOTCONN;
    return { waitKey: this.key };
  }

  #receiveMessage(first: Message, limit: number, peek: boolean): Received {
    if (!peek) this.#consume(1, first.bytes.length);
    return { ...first, bytes: first.bytes.subarray(0, limit), wholeBytes: first.bytes.length };
  }

  /** Bytes of several sends come together, but not beyond one that brings descriptors. */
  #receiveStream(first: Message, limit: number, peek: boolean): Received {
    const parts: Uint8Array[] = [];
    let total = 0;
    let used = 0;
    for (const { bytes, files } of this.#queue) {
      if (total >= limit || (used > 0 && files.length > 0)) break;
      const part = bytes.subarray(0, limit - total);
      parts.push(part);
      total += part.length;
      if (part.length < bytes.length) break;
      used += 1;
      if (files.length > 0) break;
    }
    if (!peek) this.#takeBytes(total);
    return { ...first, bytes: Buffer.concat(parts), wholeBytes: total };
  }

  #takeBytes(total: number): void {
    let left = total;
    let whole = 0;
    while (whole < this.#queue.length && left >= (this.#queue[whole]?.bytes.length ?? 0)) {
      left -= this.#queue[whole]?.bytes.length ?? 0;
      whole += 1;
      if (left === 0) break;
    }
    const rest = this.#queue[whole];
    // The descriptors of a send go with its first byte.
    if (rest && left > 0) {
      this.inFlight.remove(rest.files);
      this.#queue[whole] = { ...rest, bytes: rest.bytes.subarray(left), files: [] };
    }
    this.#consume(whole, total);
  }

  #consume(messages: number, bytes: number): void {
    for (const { files } of this.#queue.splice(0, messages)) this.inFlight.remove(files);
    this.#queuedBytes -= bytes;
    this.#waits.wake(this.roomKey);
    if (this.peer) this.#waits.wake(this.peer.key);
  }

  shutdown(reads: boolean, writes: boolean): void {
    this.readShut ||= reads;
    this.writeShut ||= writes;
    this.#changed();
    if (this.peer) this.peer.#changed();
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.listening = false;
    for (const end of this.backlog.splice(0)) end.close();
    this.#loosePeer(this.#queue.length > 0);
    for (const { files } of this.#queue.splice(0)) this.inFlight.drop(files);
    this.#changed();
    this.#waits.wake(this.roomKey);
  }

  #loosePeer(unread: boolean): void {
    const { peer } = this;
    this.peer = undefined;
    if (peer?.peer !== this || this.isDatagram) return;
    peer.peer = undefined;
    if (unread) peer.#error = Errno.ECONNRESET;
    peer.#changed();
    peer.#waits.wake(this.roomKey);
  }

  #changed(): void {
    this.#waits.wake(this.key);
  }
}

const NOTHING: Received = {
  bytes: new Uint8Array(),
  from: '',
  files: [],
  credentials: undefined,
  wholeBytes: 0,
};
