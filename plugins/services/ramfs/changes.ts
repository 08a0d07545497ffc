import { Mode } from '../../../core/abi/flags.js';
import type { Vault } from '../runtime/vault.js';
import type { CarriedFiles, Handle } from './carried.js';
import type { Entry, Inode } from './inode.js';

export type PlainInode = Omit<Inode, 'entries'>;

/** One step; all steps of an operation are noted together. */
export type Change =
  | readonly ['inode', PlainInode]
  | readonly ['forget', inode: number]
  | readonly ['link', directory: number, name: string, entry: Entry]
  | readonly ['unlink', directory: number, name: string]
  | readonly ['open', id: number, handle: Handle]
  | readonly ['close', id: number];

/** What has changed since the last commit. Times and closed handles may wait for something that matters more. */
export class Changes {
  #steps: Change[] = [];
  readonly #inodes = new Set<Inode>();
  #urgent = false;

  add(step: Change, urgent = true): void {
    this.#steps.push(step);
    this.#urgent ||= urgent;
  }

  /** The inode is not what it was, its entries aside. */
  touch(inode: Inode, urgent = true): void {
    this.#inodes.add(inode);
    this.#urgent ||= urgent;
  }

  forget(inode: Inode): void {
    this.#inodes.delete(inode);
    this.add(['forget', inode.number]);
  }

  clear(): void {
    this.#steps = [];
    this.#inodes.clear();
    this.#urgent = false;
  }

  /** Puts everything into the vault, as a note or, when it is time, within a `snapshot`. */
  commit(vault: Vault, snapshot: () => unknown): void {
    if (!this.#urgent) return;
    // Inodes first: entries and handles refer to them.
    const inodes = [...this.#inodes].map((inode) => ['inode', plain(inode)] as const);
    if (!vault.note([...inodes, ...this.#steps])) vault.replace(snapshot());
    this.clear();
  }
}

export function plain(inode: Inode): PlainInode {
  const copy: { entries?: unknown } & PlainInode = { ...inode };
  delete copy.entries;
  return copy;
}

/** The state that a vault holds, as a swap would carry it. */
export function replayed(vault: Vault): CarriedFiles | undefined {
  const kept = vault.read();
  if (!kept) return undefined;
  const { inodes, handles, nextHandle } = kept.snapshot as CarriedFiles;
  const state: State = {
    inodes: new Map(inodes.map((inode) => [inode.number, { ...inode }])),
    entries: new Map(inodes.map(({ number, entries }) => [number, new Map(entries)])),
    handles: new Map(handles),
    nextHandle,
  };
  for (const steps of kept.records as Change[][]) for (const step of steps) apply(state, step);
  return asCarried(state, vault);
}

interface State {
  readonly inodes: Map<number, PlainInode>;
  readonly entries: Map<number, Map<string, Entry>>;
  readonly handles: Map<number, Handle>;
  nextHandle: number;
}

const appliers: {
  [K in Change[0]]: (state: State, step: Extract<Change, readonly [K, ...unknown[]]>) => void;
} = {
  inode: ({ inodes, entries }, [, inode]) => {
    inodes.set(inode.number, inode);
    if (!entries.has(inode.number)) entries.set(inode.number, new Map());
  },
  forget: ({ inodes, entries }, [, inode]) => {
    inodes.delete(inode);
    entries.delete(inode);
  },
  link: ({ entries }, [, directory, name, entry]) => void entries.get(directory)?.set(name, entry),
  unlink: ({ entries }, [, directory, name]) => void entries.get(directory)?.delete(name),
  open: (state, [, id, handle]) => {
    state.handles.set(id, handle);
    state.nextHandle = Math.max(state.nextHandle, id + 1);
  },
  close: ({ handles }, [, id]) => void handles.delete(id),
};

const apply = (state: State, step: Change): void => appliers[step[0]](state, step as never);

function asCarried({ inodes, entries, handles, nextHandle }: State, { fds }: Vault): CarriedFiles {
  const all = [...inodes.values()].map((inode) => {
    const directory = (inode.mode & Mode.TYPE) === Mode.DIR;
    return { ...inode, ...(directory ? { entries: [...(entries.get(inode.number) ?? [])] } : {}) };
  });
  return { inodes: all, handles: [...handles], nextHandle, vault: fds };
}
