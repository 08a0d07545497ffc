import type { Module, Target, ThreadId } from '../target.js';

const same = (a: Module, b: Module | undefined): boolean => a.path === b?.path && a.bias === b.bias;

/** What gdb believes about modules. */
export class ModuleView {
  #read: readonly Module[] | undefined;

  constructor(readonly target: Target) {}

  get wasRead(): boolean {
    return this.#read !== undefined;
  }

  /** Answers the list, and takes it that gdb knows it from now on. */
  read(thread: ThreadId): readonly Module[] {
    this.#read = [...(this.target.modules?.list(thread) ?? [])];
    return this.#read;
  }

  /** The list of this thread is not the one that gdb knows. */
  changed(thread: ThreadId): boolean {
    const known = this.#read;
    if (!known) return false;
    const now = this.target.modules?.list(thread) ?? [];
    return now.length !== known.length || now.some((module, at) => !same(module, known[at]));
  }
}
