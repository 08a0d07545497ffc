import { closeSync, constants, fstatSync, lstatSync, openSync } from 'node:fs';
import type { BigIntStats } from 'node:fs';
import { Errno } from '../../../../../core/abi/errno.js';
import { fail } from '../failure.js';
import { FileType } from '../flags.js';
import { bytesOfName } from '../names.js';
import { onHost } from './host-errors.js';

// Node has no openat. On Linux `/proc/self/fd/N` names whatever descriptor N is open on, however often its path has been
// renamed or replaced, so `/proc/self/fd/N/name` is openat(N, name). Descriptors are opened with O_PATH, which needs no
// permission on the object, has no side effect on FIFOs and devices, and pins the inode.
//
// Elsewhere there is nothing like it: an anchor is a path, and each use checks that every component is still what it was.
// That holds against the guest, whose calls do not overlap, but not against another host process that swaps a component
// for a symlink between check and use.

const O_PATH = 0o10000000;
const ANCHOR_FLAGS = O_PATH | constants.O_NOFOLLOW;

export type HostPath = string | Buffer;

/** A host object that is held. `path` leads to it as long as it is held; `fd` is there on Linux only. */
export interface Anchor {
  readonly path: HostPath;
  readonly fd: number | undefined;
}

/** What stays the same when an object is renamed. The type is part of it because inode numbers are used again. */
export interface Identity {
  readonly dev: bigint;
  readonly ino: bigint;
  readonly type: number;
}

export const identityOf = ({ dev, ino, mode }: BigIntStats): Identity => ({
  dev,
  ino,
  type: Number(mode) & FileType.MASK,
});

export const isObject = (found: BigIntStats, { dev, ino, type }: Identity): boolean =>
  found.ino === ino && found.dev === dev && (Number(found.mode) & FileType.MASK) === type;

const isAscii = (name: string): boolean => /^[\x00-\x7f]*$/.test(name);

/** The path of an entry. `name` is one component. */
export function childPath({ path }: Anchor, name: string): HostPath {
  if (typeof path === 'string' && isAscii(name)) return `${path}/${name}`;
  return Buffer.concat([Buffer.from(path as string), Buffer.from('/'), bytesOfName(name)]);
}

export interface Anchoring {
  /** An anchor stays on its object when names change; without, it has to be made again for each use. */
  readonly pinsObjects: boolean;
  /** Holds what is at `path`, itself and not what it may link to. */
  open(path: HostPath): Anchor;
  stat(anchor: Anchor): BigIntStats;
  close(anchor: Anchor): void;
}

const byDescriptor: Anchoring = {
  pinsObjects: true,
  open(path) {
    const fd = onHost(() => openSync(path, ANCHOR_FLAGS));
    return { fd, path: `/proc/self/fd/${fd}` };
  },
  stat: ({ fd }) => onHost(() => fstatSync(fd as number, { bigint: true })),
  close: ({ fd }) => closeSync(fd as number),
};

const byPath: Anchoring = {
  pinsObjects: false,
  open(path) {
    onHost(() => lstatSync(path));
    return { fd: undefined, path };
  },
  stat: ({ path }) => onHost(() => lstatSync(path, { bigint: true })),
  close: () => undefined,
};

function descriptorsWork(): boolean {
  if (process.platform !== 'linux') return false;
  try {
    const anchor = byDescriptor.open('/');
    const seen = lstatSync(`${String(anchor.path)}/.`, { bigint: true });
    const works = isObject(seen, identityOf(byDescriptor.stat(anchor)));
    byDescriptor.close(anchor);
    return works;
  } catch {
    return false;
  }
}

export const chooseAnchoring = (): Anchoring => (descriptorsWork() ? byDescriptor : byPath);

/** For tests of the weaker way on a host that has the better one. */
export const pathAnchoring = byPath;

/** Holds the object at `path` if it is still the one that `expected` describes; ENOENT otherwise. */
export function openExpected(anchoring: Anchoring, path: HostPath, expected: Identity): Anchor {
  const anchor = anchoring.open(path);
  if (isObject(anchoring.stat(anchor), expected)) return anchor;
  anchoring.close(anchor);
  return fail(Errno.ENOENT);
}
