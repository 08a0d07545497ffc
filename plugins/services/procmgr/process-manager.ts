import { DirentKind } from '../../../core/abi/dirent.js';
import { Errno } from '../../../core/abi/errno.js';
import { Mode, Open } from '../../../core/abi/flags.js';
import { NsPermission, ProcDup, SCHEME_CREATION_CAP } from '../../../core/abi/process-manager.js';
import { INTERNAL_FD_BASE } from '../runtime/fd-table.js';
import { PosixError } from '../runtime/posix-error.js';
import { decodeUtf8, encodeUtf8 } from '../runtime/utf8.js';
import { HandleMap, ROOT_HANDLE } from './handles.js';
import { allowed, duplicateNamespace, splitSchemePath } from './namespaces.js';
import { metaOf, processCall } from './process-calls.js';
import { INIT_PID, ProcessTable } from './process-table.js';
import { psText } from './ps-text.js';
import type { Dirent } from '../../../core/abi/dirent.js';
import type { Os } from '../runtime/os.js';
import type { CallAnswer, Caller, Later, Opened, Scheme, SentFds } from '../runtime/scheme/scheme.js';
import type { Contexts } from './contexts.js';
import type { CarriedHandles, Handle } from './handles.js';
import type { NamespaceView, Names } from './namespaces.js';
import { Revival } from './revival.js';
import { Runs } from './runs.js';
import type { CarriedRuns, StartRun } from './runs.js';
import type { Process } from './process-table.js';

export interface CarriedManager {
  readonly table: ReturnType<ProcessTable['carry']>;
  readonly handles: CarriedHandles;
  /** The first one is that of the system. */
  readonly namespaces: readonly (readonly (readonly [string, number])[])[];
  readonly queue: number;
  readonly creation: number;
  readonly runs: CarriedRuns;
}

const fail = (errno: number): never => {
  throw new PosixError(errno);
};

/** Schemes `proc` and `namespace` in one server: processes, waiting and signals; names of schemes and who sees them. */
export class ProcessManager implements Scheme {
  readonly table = new ProcessTable();
  readonly handles = new HandleMap();
  readonly view: NamespaceView;
  readonly #runs: Runs;
  readonly #revival: Revival;

  constructor(
    private readonly os: Os,
    readonly contexts: Contexts,
    private readonly creationFd: number,
    { names, startRun }: { readonly names: Names; readonly startRun: StartRun },
  ) {
    this.view = { names, permissions: NsPermission.ALL };
    this.#runs = new Runs(startRun);
    this.#revival = new Revival(os, contexts);
  }

  /** A new process with a context that has not started. Without a parent it is init. */
  newProcess(parent?: Process): Process {
    const process = this.table.add(parent, this.contexts.create());
    this.contexts.describe(process);
    return process;
  }

  carry(): CarriedManager {
    const namespaces: Names[] = [this.view.names];
    const numberOf = (names: Names) => {
      const known = namespaces.indexOf(names);
      return known >= 0 ? known : namespaces.push(names) - 1;
    };
    const handles = this.handles.carry(numberOf);
    const { queue } = this.contexts;
    const lists = namespaces.map((names) => [...names]);
    const table = this.table.carry();
    return { table, handles, namespaces: lists, queue, creation: this.creationFd, runs: this.#runs.carry() };
  }

  restore({ table, handles, namespaces, runs }: CarriedManager): void {
    this.#runs.restore(runs);
    const views = namespaces.map((names, i) => (i === 0 ? this.view.names : new Map(names)));
    for (const [name, fd] of namespaces[0] ?? []) this.view.names.set(name, fd);
    this.table.restore(table);
    this.handles.restore(handles, (number) => views[number] ?? new Map());
    // The predecessor may have taken an event and not come to it.
    for (const process of this.table.all()) this.#look(process);
  }

  /** Looks which contexts have ended since; call after every event. */
  collectDeaths(): void {
    const changed = new Set(this.contexts.takeChanged());
    if (changed.size === 0) return;
    for (const process of this.table.all()) if (changed.has(process.contextFd)) this.#look(process);
  }

  #look(process: Process): void {
    const outcome = process.state === 'zombie' ? undefined : this.contexts.outcome(process);
    if (outcome === undefined || this.#revival.revive(process)) return;
    if (process.state !== 'exiting') process.status = outcome;
    this.table.ended(process);
    this.#runs.ended(process);
    if (process.pid === INIT_PID) this.#lostInit();
  }

  #lostInit(): void {
    this.os.complain('init has ended: the machine stops');
    this.os.files.with('/scheme/sys/kstop', Open.WRONLY, (fd) =>
      this.os.files.write(fd, encodeUtf8('shutdown 1')),
    );
  }

  openat(directory: number, path: string, _flags: number, caller: Caller): Opened {
    const handle = this.#handle(directory);
    if (handle.kind === 'namespace') return this.#openName(handle.view, path);
    if (handle.kind === 'creation') return { fd: this.#clone(this.creationFd) };
    if (handle.kind !== 'root') return fail(Errno.EACCES);
    void caller;
    if (path !== 'ps') return fail(Errno.ENOENT);
    const text = encodeUtf8(psText(this.table.all()));
    return { id: this.handles.add({ kind: 'text', text }), positioned: true };
  }

  dup(id: number, name: Uint8Array): Opened {
    const handle = this.#handle(id);
    const duplicate = this.#duplicators[handle.kind];
    return duplicate ? duplicate(handle as never, name) : fail(Errno.EOPNOTSUPP);
  }

  read(id: number, length: number, offset: number): Uint8Array {
    const handle = this.#handle(id);
    if (handle.kind === 'text') return handle.text.subarray(offset, offset + length);
    if (handle.kind === 'process') return metaOf(this.table.get(handle.pid));
    return fail(handle.kind === 'list' ? Errno.EISDIR : Errno.EBADF);
  }

  call(
    id: number,
    payload: Uint8Array,
    metadata: readonly number[],
    caller: Caller,
  ): number | CallAnswer | Later {
    const handle = this.#handle(id);
    if (handle.kind === 'root') return this.#runs.run(caller, metadata, payload);
    if (handle.kind !== 'process') return fail(Errno.EOPNOTSUPP);
    const world = { table: this.table, contexts: this.contexts, revival: this.#revival };
    const answer = processCall(world, this.table.get(handle.pid), metadata, payload);
    this.collectDeaths();
    return answer;
  }

  sendfd(id: number, sent: SentFds, caller: Caller): number {
    const handle = this.#handle(id);
    if (handle.kind === 'root') return this.#runs.prepare(caller, sent);
    if (handle.kind !== 'register' || sent.count !== 1) return fail(Errno.EINVAL);
    const { view, name } = handle;
    if (view.names.has(name)) return fail(Errno.EEXIST);
    const [fd = fail(Errno.EINVAL)] = sent.take();
    view.names.set(name, fd);
    return 1;
  }

  unlinkat(directory: number, path: string): void {
    const handle = this.#handle(directory);
    if (handle.kind !== 'namespace') return fail(Errno.EACCES);
    allowed(handle.view, NsPermission.DELETE);
    const { name, reference } = splitSchemePath(path);
    if (reference !== '') fail(Errno.EXDEV);
    if (!handle.view.names.delete(name)) fail(Errno.ENODEV);
  }

  *getdents(id: number, cursor: number): Iterable<Dirent> {
    const handle = this.#handle(id);
    const names = handle.kind === 'list' ? [...handle.view.names.keys()].sort() : fail(Errno.ENOTDIR);
    for (let i = cursor; i < names.length; i++)
      yield { inode: i + 1, next: i + 1, kind: DirentKind.DIRECTORY, name: encodeUtf8(names[i] ?? '') };
  }

  fstat(id: number) {
    const handle = this.#handle(id);
    if (handle.kind === 'list') return { mode: Mode.DIR + 0o444 };
    const size = handle.kind === 'text' ? handle.text.length : 0;
    return { mode: Mode.FILE + (handle.kind === 'text' ? 0o444 : 0o666), size };
  }

  fsize(id: number): number {
    return this.fstat(id).size ?? 0;
  }

  fpath(id: number): string {
    const { kind } = this.#handle(id);
    return kind === 'namespace' || kind === 'list'
      ? '/scheme'
      : `/scheme/proc/${kind === 'text' ? 'ps' : ''}`;
  }

  close(id: number): void {
    this.handles.remove(id);
  }

  readonly #duplicators: {
    [K in Handle['kind']]?: (handle: Extract<Handle, { kind: K }>, name: Uint8Array) => Opened;
  } = {
    process: ({ pid }, name) => this.#dupProcess(this.table.get(pid), decodeUtf8(name)),
    thread: ({ pid }, name) => ({ fd: this.contexts.part(this.table.get(pid), name) }),
    namespace: ({ view }, name) => {
      const made = duplicateNamespace(view, name);
      const handle: Handle =
        made.kind === 'view' ? { kind: 'namespace', view: made.view } : { ...made, kind: 'register' };
      return { id: this.handles.add(handle) };
    },
  };

  #dupProcess(process: Process, text: string): Opened {
    if (text === ProcDup.FORK)
      return { id: this.handles.add({ kind: 'process', pid: this.newProcess(process).pid }) };
    if (text === ProcDup.FIRST_THREAD) return { id: this.handles.add({ kind: 'thread', pid: process.pid }) };
    if (text.startsWith('thread-')) return fail(Errno.ENOENT);
    return fail(text === ProcDup.NEW_THREAD ? Errno.ENOSYS : Errno.EINVAL);
  }

  #openName(view: NamespaceView, path: string): Opened {
    const { name, reference } = splitSchemePath(path);
    if (name === 'namespace' && reference === SCHEME_CREATION_CAP) {
      allowed(view, NsPermission.SCHEME_CREATE);
      return { fd: this.#clone(this.creationFd) };
    }
    if (name === '' || name === 'namespace') {
      allowed(view, NsPermission.LIST);
      return { id: this.handles.add({ kind: 'list', view }) };
    }
    const root = view.names.get(name);
    return root === undefined ? fail(Errno.ENODEV) : { fd: this.#clone(root) };
  }

  #clone(fd: number): number {
    return this.os.files.duplicate(fd, INTERNAL_FD_BASE);
  }

  #handle(id: number): Handle {
    return this.handles.get(id) ?? fail(Errno.EBADF);
  }
}

export { ROOT_HANDLE };
