import { Errno } from '../../../../core/abi/errno.js';
import type { Handler } from '../../gate/abi.js';
import { openedFile } from '../files/opened-file.js';
import { processOf, systemOf } from '../system.js';
import { Open } from '../vfs/flags.js';
import { rootOf } from '../vfs/location.js';
import { installFile } from './open.js';
import { readBytesString } from './user-strings.js';

const MFD_CLOEXEC = 1;
const MFD_ALLOW_SEALING = 2;
const MFD_NOEXEC_SEAL = 8;
const MFD_EXEC = 0x10;
const NAME_BYTES = 249;

/** memfd_create(2): a file of a file system that hangs nowhere. */
export const memfd_create: Handler = (_kernel, context, namePointer, flags) => {
  if (flags & ~(MFD_CLOEXEC | MFD_ALLOW_SEALING | MFD_NOEXEC_SEAL | MFD_EXEC)) return -Errno.EINVAL;
  const name = readBytesString(context, namePointer, NAME_BYTES);
  const system = systemOf(context);
  const { euid: uid, egid: gid } = processOf(context).identity;
  const directory = system.memoryFiles.fileSystem.root;
  const created = directory.createUnnamed({ mode: 0o777, uid, gid });
  const location = { ...rootOf(system.memoryFiles), node: created.node, directory, name: `memfd:${name}` };
  const file = openedFile(context, { kind: 'file', location, handle: created.opened }, Open.RDWR);
  return installFile(context, file, (flags & MFD_CLOEXEC) !== 0);
};
