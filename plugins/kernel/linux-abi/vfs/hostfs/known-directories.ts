import type { HostDirectory } from './directory.js';

const FIRST_SWEEP = 64;

/**
 * The subdirectories that somebody still uses, by name, so that one directory is one node as long as it matters (mount
 * points, working directories). Entries do not keep their directory alive.
 */
export class KnownDirectories {
  readonly #byName = new Map<string, WeakRef<HostDirectory>>();
  #sweepAt = FIRST_SWEEP;

  get(name: string): HostDirectory | undefined {
    return this.#byName.get(name)?.deref();
  }

  set(name: string, directory: HostDirectory): void {
    this.#byName.set(name, new WeakRef(directory));
    if (this.#byName.size < this.#sweepAt) return;
    for (const [key, known] of this.#byName) if (!known.deref()) this.#byName.delete(key);
    this.#sweepAt = Math.max(FIRST_SWEEP, this.#byName.size * 2);
  }

  /** The guest has removed or replaced it. */
  forget(name: string): void {
    const known = this.get(name);
    if (known) known.removed = true;
    this.#byName.delete(name);
  }

  /** The guest has renamed it, over whatever had the new name. */
  move(name: string, directory: HostDirectory, known: KnownDirectories, newName: string): void {
    const moved = this.get(name);
    this.#byName.delete(name);
    if (known.get(newName) !== moved) known.forget(newName);
    if (!moved || isBelow(directory, moved)) return;
    moved.parent = directory;
    moved.name = newName;
    known.set(newName, moved);
  }
}

// Other host processes move directories too, so what we believe of the ancestors may be old, and must not become a ring.
function isBelow(directory: HostDirectory, ancestor: HostDirectory): boolean {
  for (let at: HostDirectory | undefined = directory; at; at = at.parent) if (at === ancestor) return true;
  return false;
}
