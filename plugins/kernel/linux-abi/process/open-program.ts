import { Errno } from '../../../../core/abi/errno.js';
import type { Context } from '../../contexts/context.js';
import { SharedHandle } from '../files/mapped-files.js';
import { systemOf } from '../system.js';
import type { LinuxSystem } from '../system.js';
import { fail } from '../vfs/failure.js';
import { Access, FileType, Open } from '../vfs/flags.js';
import { pathOf } from '../vfs/location.js';
import { openLocation } from '../vfs/open.js';
import type { Caller } from '../vfs/vfs.js';
import type { ProgramFile } from './executable.js';

/** Opens what execve is to run: a regular file that the caller may execute. */
export function openProgram(context: Context, path: string): ProgramFile {
  return openProgramAs(systemOf(context), systemOf(context).callerOf(context), path);
}

export function openProgramAs(system: LinuxSystem, caller: Caller, path: string): ProgramFile {
  const location = system.vfs.find(caller, { path });
  if (location.node.type !== FileType.REGULAR) fail(Errno.EACCES);
  system.vfs.access(caller, { path }, Access.EXECUTE);
  const opened = openLocation({ ...caller, uid: 0 }, location, Open.RDONLY);
  if (opened.kind !== 'file') fail(Errno.EACCES);
  const shared = new SharedHandle(opened.handle);
  const object = system.mapped.open(shared, false);
  const close = () => {
    object.release();
    shared.release();
  };
  return { path: pathOf(location), handle: opened.handle, object, close };
}
