import { Errno } from '../../../../core/abi/errno.js';
import type { Context } from '../../contexts/context.js';
import type { MemoryObject } from '../../memory/memory-object.js';
import { systemOf } from '../system.js';
import type { LinuxSystem } from '../system.js';
import { fail } from '../vfs/failure.js';
import { Access, FileType, Open } from '../vfs/flags.js';
import { pathOf } from '../vfs/location.js';
import { openLocation } from '../vfs/open.js';
import type { FileHandle, Node } from '../vfs/types.js';
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
  return {
    path: pathOf(location),
    handle: opened.handle,
    object: mappedObject(system, location.node, opened.handle),
  };
}

/** The pages of a file, one object for all who map it. */
export function mappedObject(system: LinuxSystem, node: Node, handle: FileHandle): MemoryObject {
  const known = system.mapped.get(node);
  if (known) return known;
  const object = system.kernel.createObject(handle.stat().size, {
    fill: (offset, length) => readExactly(handle, offset, length),
    writeBack: (offset, bytes) => void handle.write(bytes, offset),
  });
  system.mapped.set(node, object);
  return object;
}

/** Short at the end of the file: the rest of the page stays zero. */
function readExactly(handle: FileHandle, offset: number, length: number): Uint8Array {
  const bytes = new Uint8Array(length);
  let done = 0;
  for (let count = -1; count !== 0 && done < length; done += count) {
    count = handle.read(bytes.subarray(done), offset + done);
  }
  return bytes.subarray(0, done);
}
