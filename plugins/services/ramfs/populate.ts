import { Mode } from '../../../core/abi/flags.js';
import { CHUNK_BYTES } from '../runtime/calls.js';
import { SUPERUSER } from './ramfs.js';
import { segmentsOf } from './tree.js';
import { tarMembers } from './tar.js';
import type { Os } from '../runtime/os.js';
import type { Inode } from './inode.js';
import type { RamFs } from './ramfs.js';
import type { TarMember } from './tar.js';

const TYPES = { file: Mode.FILE, directory: Mode.DIR, symlink: Mode.SYMLINK } as const;

/** Fills an empty file system from a tar archive that can be read at `fd`. */
export function populate(os: Os, files: RamFs, fd: number): void {
  for (const member of tarMembers((offset, length) => os.calls.readAt(fd, length, offset))) {
    const inode = place(files, member);
    if (inode && member.kind === 'file') copy(os, files, fd, member, inode);
  }
}

function place({ tree }: RamFs, { path, kind, mode, target }: TarMember): Inode | undefined {
  const segments = segmentsOf(path);
  const name = segments.pop();
  if (name === undefined) return undefined;
  const now = tree.root.modified;
  let parent = tree.root;
  for (const segment of segments) parent = directory(parent, segment);
  const known = parent.entries?.get(name);
  if (known) return tree.get(known.inode);
  const inode = tree.create(TYPES[kind] + (mode & Mode.PERM), SUPERUSER, now, parent.number);
  tree.link(parent, name, inode, now);
  if (kind === 'symlink') Object.assign(inode, { target, size: target.length });
  return inode;

  function directory(above: Inode, segment: string): Inode {
    const entry = above.entries?.get(segment);
    if (entry) return tree.get(entry.inode);
    const made = tree.create(Mode.DIR + 0o755, SUPERUSER, now, above.number);
    tree.link(above, segment, made, now);
    return made;
  }
}

function copy(
  { calls }: Os,
  { contents }: RamFs,
  fd: number,
  { size, offset }: TarMember,
  inode: Inode,
): void {
  for (let at = 0; at < size;) {
    const part = calls.readAt(fd, Math.min(CHUNK_BYTES, size - at), offset + at);
    if (part.length === 0) return;
    contents.write(inode, part, at);
    at += part.length;
  }
}
