import { Errno } from '../../../core/abi/errno.js';
import { EventFlag, Mode } from '../../../core/abi/flags.js';
import { PosixError } from '../runtime/posix-error.js';
import { LATER } from '../runtime/scheme/scheme.js';
import { decodeUtf8 } from '../runtime/utf8.js';
import { Pty } from './pty.js';
import { topics } from './topics.js';
import type { CarriedPty } from './pty.js';
import type { Later, Opened, Scheme } from '../runtime/scheme/scheme.js';

interface Handle {
  readonly pty: Pty;
  readonly role: 'master' | 'slave' | 'topic';
  readonly topic?: string;
}

export interface CarriedPtys {
  readonly ptys: readonly CarriedPty[];
  readonly handles: readonly (readonly [number, Omit<Handle, 'pty'> & { readonly pty: number }])[];
  readonly next: number;
}

const ROOT = 0;
const MASTER_PATH = 'ptmx';

const fail = (errno: number): never => {
  throw new PosixError(errno);
};

export interface PtyWorld {
  signal(group: number, number: number): void;
  postEvent(handle: number, flags: number): void;
}

/** `/scheme/pty`: `ptmx` makes a terminal, its number opens the side of programs. */
export class Ptys implements Scheme {
  readonly #handles = new Map<number, Handle>();
  #next = 1;

  constructor(
    private readonly world: PtyWorld,
    carried?: CarriedPtys,
  ) {
    if (carried) this.#restore(carried);
  }

  carry(): CarriedPtys {
    const handles = [...this.#handles].map(
      ([id, { pty, role, topic }]) => [id, { pty: pty.id, role, ...(topic ? { topic } : {}) }] as const,
    );
    const ptys = new Set([...this.#handles.values()].map(({ pty }) => pty));
    return { ptys: [...ptys].map((pty) => pty.carry()), handles, next: this.#next };
  }

  #restore({ ptys, handles, next }: CarriedPtys): void {
    const known = new Map(ptys.map((data) => [data.id, this.#make(data.id).restore(data)]));
    for (const [id, { pty, ...rest }] of handles) {
      const owner = known.get(pty);
      if (owner) this.#handles.set(id, { ...rest, pty: owner });
    }
    this.#next = next;
  }

  #make(id: number): Pty {
    return new Pty(id, (group, number) => this.world.signal(group, number));
  }

  openat(directory: number, path: string): Opened {
    if (directory !== ROOT) return fail(Errno.EACCES);
    if (path === MASTER_PATH) return this.#openMaster();
    if (path === '') return fail(Errno.ENOENT);
    if (!/^\d+$/.test(path)) return fail(Errno.EINVAL);
    const master = this.#handles.get(Number(path));
    if (master?.role !== 'master') return fail(Errno.ENOENT);
    return this.#open({ pty: master.pty, role: 'slave' });
  }

  dup(id: number, name: Uint8Array): Opened {
    const { pty, role } = this.#handle(id);
    const topic = decodeUtf8(name);
    if (role === 'topic' || !topics[topic]) return fail(Errno.EINVAL);
    return this.#open({ pty, role: 'topic', topic });
  }

  read(id: number, length: number): Uint8Array | Later {
    const { pty, role, topic = '' } = this.#handle(id);
    if (role === 'topic') return topics[topic]?.get?.(pty).subarray(0, length) ?? fail(Errno.EBADF);
    if (role === 'master') return pty.masterReads(length) ?? LATER;
    return pty.discipline.take(length) ?? (pty.masters === 0 ? new Uint8Array() : LATER);
  }

  write(id: number, bytes: Uint8Array): number | Later {
    const { pty, role, topic = '' } = this.#handle(id);
    if (role === 'topic') {
      const set = topics[topic]?.set ?? fail(Errno.EBADF);
      set(pty, bytes);
      this.#announce(pty);
      return bytes.length;
    }
    if (role === 'slave' && pty.masters === 0) return fail(Errno.EPIPE);
    if (role === 'master' ? pty.slaveIsFull : pty.masterIsFull) return LATER;
    if (role === 'master') pty.discipline.input(bytes);
    else pty.slaveWrites(bytes);
    this.#announce(pty);
    return bytes.length;
  }

  fsync(id: number): void {
    const { pty, role } = this.#handle(id);
    if (role !== 'slave') return;
    pty.sync();
    this.#announce(pty);
  }

  fevent(id: number, mask: number): number {
    const { pty, role } = this.#handle(id);
    return role === 'topic' ? fail(Errno.EBADF) : pty.ready(role === 'master') & mask;
  }

  fcntl(): number {
    return 0;
  }

  fstat() {
    return { mode: Mode.CHR + 0o666, nlink: 1 };
  }

  fpath(id: number): string {
    const { pty, role, topic } = this.#handle(id);
    return `/scheme/pty/${role === 'master' ? MASTER_PATH : pty.id}${topic ? `/${topic}` : ''}`;
  }

  close(id: number): void {
    const handle = this.#handles.get(id);
    this.#handles.delete(id);
    if (!handle) return;
    const { pty, role } = handle;
    if (role === 'slave') pty.slaves--;
    if (role === 'master') pty.masters--;
    this.#announce(pty, role === 'slave' && pty.slaves === 0);
  }

  #openMaster(): Opened {
    return this.#open({ pty: this.#make(this.#next), role: 'master' });
  }

  #open(handle: Handle): Opened {
    if (handle.role === 'slave') handle.pty.slaves++;
    if (handle.role === 'master') handle.pty.masters++;
    this.#handles.set(this.#next, handle);
    return { id: this.#next++ };
  }

  /** Events to those who watch an end that has something now; `left`: the master shall look who is still there. */
  #announce(pty: Pty, left = false): void {
    for (const [id, { pty: owner, role }] of this.#handles) {
      if (owner !== pty || role === 'topic') continue;
      const isMaster = role === 'master';
      const ready = (left && isMaster ? EventFlag.READ : pty.ready(isMaster)) & EventFlag.READ;
      if (ready !== 0) this.world.postEvent(id, ready);
    }
  }

  #handle(id: number): Handle {
    return this.#handles.get(id) ?? fail(Errno.EBADF);
  }
}
