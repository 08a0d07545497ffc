import { entryOf } from './location.js';
import type { DirectoryLocation } from './location.js';
import type { DirectoryEntry } from './types.js';
import { FileType } from './flags.js';

/** An open directory: a snapshot of its names, taken at the start of each pass, so that cursors stay valid. */
export class DirectoryHandle {
  readonly #release: () => void;
  #entries: readonly DirectoryEntry[] | undefined;

  constructor(readonly location: DirectoryLocation) {
    this.#release = location.node.hold?.() ?? (() => undefined);
  }

  /** Entries from a cursor on (0 is the start; entry i is followed by cursor i + 1). Cursor 0 takes a new snapshot. */
  entries(cursor: number): readonly DirectoryEntry[] {
    if (cursor === 0 || !this.#entries) this.#entries = this.#snapshot();
    return this.#entries.slice(cursor);
  }

  close(): void {
    this.#entries = undefined;
    this.#release();
  }

  #snapshot(): DirectoryEntry[] {
    const { node, mount } = this.location;
    const mounted = mount.children.get(node);
    const own = node.list().filter(({ name }) => !mounted?.has(name));
    const mounts = [...(mounted ?? [])].map(([name, { fileSystem }]) => ({
      name,
      type: fileSystem.root.type,
      ino: () => fileSystem.root.stat().ino,
    }));
    return [...this.#dots(), ...own, ...mounts];
  }

  #dots(): DirectoryEntry[] {
    const parent = () => entryOf(this.location)?.directory.node ?? this.location.node;
    return [
      { name: '.', type: FileType.DIRECTORY, ino: () => this.location.node.stat().ino },
      { name: '..', type: FileType.DIRECTORY, ino: () => parent().stat().ino },
    ];
  }
}
