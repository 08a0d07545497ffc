import type { Context } from '../../contexts/context.js';
import type { Description } from '../../files/description.js';
import { anonymousLocation, anonymousMount, AnonymousNode } from '../vfs/anonymous.js';
import { FileType, Open } from '../vfs/flags.js';
import type { ProcDescriptor } from '../vfs/procfs/source.js';
import type { OpenFile } from '../files/open-file.js';
import type { LinuxProcess } from './process.js';
import { threadOf } from './thread.js';

/** The open files of a process for /proc/PID/fd. */
export function procDescriptors(process: LinuxProcess, context: Context): ProcDescriptor[] {
  const entries = context.files?.entries() ?? [];
  const { closeOnExec } = threadOf(context);
  return entries.flatMap(([fd, description]) => {
    const file = process.system.files.fileOf(description);
    const flags = description.flags | (closeOnExec.has(fd) ? Open.CLOEXEC : 0);
    return file ? [{ fd, flags, position: description.offset, ...placeOf(process, description, file) }] : [];
  });
}

/** What no path leads to is shown by a text, and opened as the very description. */
function placeOf(process: LinuxProcess, description: Description, file: OpenFile) {
  if (file.location) return { location: file.location };
  const text = file.text ?? 'anon_inode:[unknown]';
  const { euid: uid, egid: gid } = process.identity;
  const stat = () => ({ ...file.stat(), uid, gid });
  const node = new AnonymousNode(file.stat().mode & FileType.MASK, { what: description, stat });
  return { location: anonymousLocation(anonymousMount('anon_inodefs'), node, text), text };
}
