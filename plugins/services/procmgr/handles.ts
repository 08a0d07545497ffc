import type { Names, NamespaceView } from './namespaces.js';

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

  /** Namespaces become numbers, so that those who share one share it afterwards. */
  carry(numberOf: (names: Names) => number): CarriedHandles {
    const handles = [...this.#handles].map(([id, handle]) => [id, plain(handle, numberOf)] as const);
    return { handles, next: this.#next };
  }

  restore({ handles, next }: CarriedHandles, namesOf: (number: number) => Names): void {
    for (const [id, handle] of handles) this.#handles.set(id, revived(handle, namesOf));
    this.#next = next;
  }
}

interface CarriedHandle {
  readonly kind: Handle['kind'];
  readonly text?: readonly number[];
  readonly view?: { readonly names: number; readonly permissions: number };
}

export interface CarriedHandles {
  readonly handles: readonly (readonly [number, CarriedHandle])[];
  readonly next: number;
}

function plain(handle: Handle, numberOf: (names: Names) => number): CarriedHandle {
  if (handle.kind === 'text') return { kind: 'text', text: [...handle.text] };
  if (!('view' in handle)) return handle;
  const { names, permissions } = handle.view;
  return { ...handle, view: { names: numberOf(names), permissions } };
}

function revived(handle: CarriedHandle, namesOf: (number: number) => Names): Handle {
  const { text, view } = handle;
  if (text) return { kind: 'text', text: Uint8Array.from(text) };
  if (!view) return handle as Handle;
  return { ...handle, view: { names: namesOf(view.names), permissions: view.permissions } } as Handle;
}
