import { Errno } from '../../../core/abi/errno.js';
import { NsDup, NsPermission } from '../../../core/abi/process-manager.js';
import { readWord, viewOf } from '../../../core/abi/wire.js';
import { PosixError } from '../runtime/posix-error.js';
import { decodeUtf8 } from '../runtime/utf8.js';

const fail = (errno: number): never => {
  throw new PosixError(errno);
};

/** Scheme names and the root capabilities behind them, as descriptors of the manager's own table. */
export type Names = Map<string, number>;

/** A namespace as one holder sees it. */
export interface NamespaceView {
  readonly names: Names;
  readonly permissions: number;
}

export const allowed = ({ permissions }: NamespaceView, permission: number): void => {
  if ((permissions & permission) !== permission) fail(Errno.EACCES);
};

export type NamespaceDup =
  | { readonly kind: 'view'; readonly view: NamespaceView }
  | { readonly kind: 'register'; readonly view: NamespaceView; readonly name: string };

/** What dup on a namespace handle asks for: first word the verb, then its data. */
export function duplicateNamespace(view: NamespaceView, request: Uint8Array): NamespaceDup {
  if (request.length < 8) return fail(Errno.EINVAL);
  const data = request.subarray(8);
  const make = verbs[readWord(viewOf(request), 0)];
  return make ? make(view, data) : fail(Errno.EINVAL);
}

const verbs: Readonly<Record<number, (view: NamespaceView, data: Uint8Array) => NamespaceDup>> = {
  [NsDup.FORK_NS]: (view, data) => {
    const names: Names = new Map();
    for (const pattern of listed(data)) copy(view.names, pattern, names);
    return {
      kind: 'view',
      view: { names, permissions: NsPermission.ALL - NsPermission.SCHEME_CREATE },
    };
  },
  [NsDup.SHRINK_PERMISSIONS]: (view, data) => {
    const mask = data.length >= 8 ? readWord(viewOf(data), 0) : fail(Errno.EINVAL);
    return { kind: 'view', view: { names: view.names, permissions: view.permissions & mask } };
  },
  [NsDup.ISSUE_REGISTER]: (view, data) => {
    allowed(view, NsPermission.INSERT);
    const name = decodeUtf8(data);
    if (!/^[!-.0-9;-~]+$/.test(name)) fail(Errno.EINVAL);
    return { kind: 'register', view, name };
  },
};

/** A name that ends in `*` copies every name with that prefix; missing ones are skipped. */
function copy(from: Names, pattern: string, to: Names): void {
  const prefix = pattern.endsWith('*') ? pattern.slice(0, -1) : undefined;
  for (const [name, fd] of from)
    if (prefix === undefined ? name === pattern : name.startsWith(prefix)) to.set(name, fd);
}

/** Repeated {length as a word, name}. */
function* listed(data: Uint8Array): Generator<string> {
  const view = viewOf(data);
  for (let at = 0; at + 8 <= data.length;) {
    const length = readWord(view, at);
    if (length < 0 || at + 8 + length > data.length) fail(Errno.EINVAL);
    yield decodeUtf8(data.subarray(at + 8, at + 8 + length));
    at += 8 + length;
  }
}

/** `/scheme/NAME/REF`, as programs ask a namespace. */
export function splitSchemePath(path: string): { name: string; reference: string } {
  const match = /^\/?scheme(?:\/([^/]*)(?:\/(.*))?)?$/s.exec(path);
  return match ? { name: match[1] ?? '', reference: match[2] ?? '' } : fail(Errno.EINVAL);
}
