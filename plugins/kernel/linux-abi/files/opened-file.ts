import { Errno } from '../../../../core/abi/errno.js';
import type { Context } from '../../contexts/context.js';
import { Description } from '../../files/description.js';
import { systemOf } from '../system.js';
import { fail } from '../vfs/failure.js';
import { reads, writes } from '../vfs/flags.js';
import type { Opened } from '../vfs/open.js';
import { DirectoryFile, PathFile } from './directory-file.js';
import type { OpenFile } from './open-file.js';
import { RegularFile } from './regular-file.js';

/** A file description of what the VFS opened. */
export function openedFile(context: Context, opened: Opened, flags: number): Description {
  const { files } = systemOf(context);
  // /proc/self/fd leads to a description that is open already.
  if (opened.kind === 'foreign' && opened.what instanceof Description) return opened.what.retain();
  return files.open(fileFor(context, opened, flags), flags);
}

function fileFor(context: Context, opened: Opened, flags: number): OpenFile {
  switch (opened.kind) {
    case 'file':
      return new RegularFile(systemOf(context), opened.location, opened.handle, {
        reads: reads(flags),
        writes: writes(flags),
      });
    case 'directory':
      return new DirectoryFile(opened.location, opened.handle);
    case 'path':
      return new PathFile(opened.location, opened.close);
    case 'foreign':
      return isOpenFile(opened.what) ? opened.what : fail(Errno.ENXIO);
  }
}

/** Things the kernel adds to the tree, such as a terminal, are open files already. */
const isOpenFile = (what: unknown): what is OpenFile =>
  typeof what === 'object' && what !== null && 'stat' in what && 'seekable' in what;
