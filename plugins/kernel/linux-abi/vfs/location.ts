import { Errno } from '../../../../core/abi/errno.js';
import { fail } from './failure.js';
import { FileType } from './flags.js';
import { PATH_MAX_BYTES } from './names.js';
import type { Directory, FileSystem, Node } from './types.js';

export interface Mount {
  readonly fileSystem: FileSystem;
  readonly readOnly: boolean;
  /** What /proc/mounts shows as the device. */
  readonly source: string;
  /** Where it hangs; undefined for the root of everything. */
  readonly point: { readonly mount: Mount; readonly directory: Directory; readonly name: string } | undefined;
  /** By directory and name rather than by node: a mount point needs no entry underneath. */
  readonly children: Map<Directory, Map<string, Mount>>;
}

/** An object and the way to it. */
export interface Location {
  readonly mount: Mount;
  readonly node: Node;
  /** Directories know theirs; for anything else where it was found. Undefined at a mount's root. */
  readonly directory: Directory | undefined;
  readonly name: string;
}

export interface DirectoryLocation extends Location {
  readonly node: Directory;
}

export const isDirectory = (node: Node): node is Directory => node.type === FileType.DIRECTORY;

export const rootOf = (mount: Mount): Location => ({
  mount,
  node: mount.fileSystem.root,
  directory: undefined,
  name: '',
});

export function asDirectory(location: Location): DirectoryLocation {
  if (!isDirectory(location.node)) fail(Errno.ENOTDIR);
  return location as DirectoryLocation;
}

const within = (mount: Mount, node: Directory): DirectoryLocation => ({
  mount,
  node,
  directory: node.parent,
  name: node.name,
});

/** Where the entry that leads to `location` is: its name and the directory that has it. Undefined at the root. */
export function entryOf(location: Location): { directory: DirectoryLocation; name: string } | undefined {
  const { mount, node } = location;
  if (node === mount.fileSystem.root)
    return (
      mount.point && { directory: within(mount.point.mount, mount.point.directory), name: mount.point.name }
    );
  const directory = isDirectory(node) ? node.parent : location.directory;
  const name = isDirectory(node) ? node.name : location.name;
  return directory && { directory: within(mount, directory), name };
}

/** `..`, which at the root is the root. */
export const parentOf = (location: DirectoryLocation): DirectoryLocation =>
  entryOf(location)?.directory ?? location;

/** Absolute path; ENOENT for a directory that is removed, ENAMETOOLONG beyond PATH_MAX. */
export function pathOf(location: Location): string {
  const parts: string[] = [];
  let length = 0;
  if (isDirectory(location.node) && location.node.removed) fail(Errno.ENOENT);
  for (let entry = entryOf(location); entry; entry = entryOf(entry.directory)) {
    parts.push(entry.name);
    length += entry.name.length + 1;
    if (length >= PATH_MAX_BYTES) fail(Errno.ENAMETOOLONG);
  }
  return `/${parts.reverse().join('/')}`;
}
