import { Errno } from '../../../../core/abi/errno.js';
import { makeNode } from '../vfs/change-names.js';
import { fail, orErrno } from '../vfs/failure.js';
import { Access, FileType } from '../vfs/flags.js';
import type { Stat } from '../vfs/types.js';
import type { Caller, Vfs } from '../vfs/vfs.js';
import type { UnixSocket } from './unix-socket.js';

const SOCKET_MODE = 0o777;

/** Which socket listens under which name: a node of the file tree, or a name of its own that starts with NUL. */
export class SocketAddresses {
  readonly #sockets = new Map<string, UnixSocket>();
  #nextName = 0;

  constructor(private readonly vfs: Vfs) {}

  /** EADDRINUSE where the name is taken. */
  bind(caller: Caller, address: string, socket: UnixSocket): void {
    const taken = address !== '' && !isAbstract(address) && this.#exists(caller, address);
    if (taken) fail(Errno.EADDRINUSE);
    if (socket.address !== '') fail(Errno.EINVAL);
    const chosen = address === '' ? this.#freeName() : address;
    const key = isAbstract(chosen) ? chosen : this.#createNode(caller, chosen);
    if (this.#sockets.has(key)) fail(Errno.EADDRINUSE);
    this.#sockets.set(key, socket);
    socket.address = chosen;
  }

  #exists(caller: Caller, path: string): boolean {
    return typeof orErrno(() => this.vfs.stat(caller, { path, noFollow: true })) !== 'number';
  }

  #createNode(caller: Caller, path: string): string {
    const made = orErrno(() => makeNode(this.vfs, caller, { path }, FileType.SOCKET | SOCKET_MODE, 0));
    if (typeof made === 'number') fail(made === -Errno.EEXIST ? Errno.EADDRINUSE : -made);
    return keyOf(this.vfs.stat(caller, { path }));
  }

  /** ECONNREFUSED where nobody is behind the name. */
  find(caller: Caller, address: string): UnixSocket {
    const key = isAbstract(address) ? address : this.#keyOfPath(caller, address);
    return this.#sockets.get(key) ?? fail(Errno.ECONNREFUSED);
  }

  #keyOfPath(caller: Caller, path: string): string {
    const stat = this.vfs.stat(caller, { path });
    this.vfs.access(caller, { path }, Access.WRITE);
    if ((stat.mode & FileType.MASK) !== FileType.SOCKET) fail(Errno.ECONNREFUSED);
    return keyOf(stat);
  }

  forget(socket: UnixSocket): void {
    for (const [key, bound] of this.#sockets) if (bound === socket) this.#sockets.delete(key);
  }

  /** autobind of unix(7): NUL and five digits. */
  #freeName(): string {
    let name: string;
    do name = `\0${(this.#nextName++).toString(16).padStart(5, '0')}`;
    while (this.#sockets.has(name));
    return name;
  }
}

const isAbstract = (address: string): boolean => address.startsWith('\0');
const keyOf = ({ dev, ino }: Stat): string => `${dev}:${ino}`;
