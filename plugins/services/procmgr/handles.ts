import type { NamespaceView } from './namespaces.js';

/** What a descriptor of the process and namespace manager stands for. */
export type Handle =
  | { readonly kind: 'root' }
  | { readonly kind: 'process'; readonly pid: number }
  | { readonly kind: 'thread'; readonly pid: number }
  | { readonly kind: 'text'; readonly text: Uint8Array }
  | { readonly kind: 'namespace'; readonly view: NamespaceView }
  | { readonly kind: 'list'; readonly view: NamespaceView }
  | { readonly kind: 'creation'; readonly view: NamespaceView }
  | { readonly kind: 'register'; readonly view: NamespaceView; readonly name: string };

export const ROOT_HANDLE = 0;

/** Numbers from 1 upward, never used again. */
export class HandleMap {
  readonly #handles = new Map<number, Handle>([[ROOT_HANDLE, { kind: 'root' }]]);
  #next = 1;

  add(handle: Handle): number {
    this.#handles.set(this.#next, handle);
    return this.#next++;
  }

  get(id: number): Handle | undefined {
    return this.#handles.get(id);
  }

  remove(id: number): void {
    if (id !== ROOT_HANDLE) this.#handles.delete(id);
  }

  carry(): { handles: [number, Handle][]; next: number } {
    return { handles: [...this.#handles], next: this.#next };
  }

  restore({ handles, next }: { handles: readonly (readonly [number, Handle])[]; next: number }): void {
    for (const [id, handle] of handles) this.#handles.set(id, handle);
    this.#next = next;
  }
}
