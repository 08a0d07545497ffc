import { Errno } from '../../../../core/abi/errno.js';
import type { Context } from '../../contexts/context.js';
import type { Handler } from '../../gate/abi.js';
import type { Kernel } from '../../kernel.js';
import { enterProgram, prepareExecution } from '../process/execute.js';
import { openProgram } from '../process/open-program.js';
import { threadOf } from '../process/thread.js';
import { descriptionOf } from '../files/linux-files.js';
import { At } from '../vfs/flags.js';
import { toI32 } from '../../gate/arguments.js';
import { fail, orErrno } from '../vfs/failure.js';
import { readString } from './user-strings.js';

const MAX_ARGUMENTS = 0x10000;
const POINTERS_AT_ONCE = 512;

export const execve: Handler = (kernel, context, path, argv, environment) =>
  execute(kernel, context, () => readString(context, path), argv, environment);

/** A descriptor is named by its link in /proc, as Linux does for fexecve. */
export const execveat: Handler = (kernel, context, dirfd, path, argv, environment, flags = 0) => {
  if (flags & ~(At.EMPTY_PATH | At.SYMLINK_NOFOLLOW)) return -Errno.EINVAL;
  return execute(kernel, context, () => pathOfDescriptor(context, dirfd, path, flags), argv, environment);
};

function pathOfDescriptor(context: Context, dirfd: number, pointer: number, flags: number): string {
  const path = readString(context, pointer);
  if (path.startsWith('/') || toI32(dirfd) === At.FDCWD) return path;
  if (path === '' && !(flags & At.EMPTY_PATH)) fail(Errno.ENOENT);
  descriptionOf(context, dirfd);
  const directory = `/proc/self/fd/${dirfd}`;
  return path === '' ? directory : `${directory}/${path}`;
}

function execute(
  kernel: Kernel,
  context: Context,
  path: () => string,
  argv: number,
  environment: number,
): number {
  const outcome = orErrno(() => {
    const execution = {
      path: path(),
      argv: readStrings(context, argv),
      environment: readStrings(context, environment),
    };
    const { process } = threadOf(context);
    return prepareExecution(kernel, process, (name) => openProgram(context, name), execution);
  });
  if (typeof outcome === 'number') return outcome;
  enterProgram(kernel, threadOf(context).process.system.table, context, outcome);
  closeOnExec(kernel, context);
  return 0;
}

/** A NULL-terminated array of string pointers. */
function readStrings(context: Context, pointer: number): string[] {
  const strings: string[] = [];
  if (pointer === 0) return strings;
  for (const address of pointers(context, pointer)) {
    strings.push(readString(context, address));
    if (strings.length > MAX_ARGUMENTS) fail(Errno.E2BIG);
  }
  return strings;
}

function* pointers(context: Context, start: number): Generator<number> {
  for (let at = start; ;) {
    // Not across a page that need not be there.
    const count = Math.max(1, Math.min(POINTERS_AT_ONCE, Math.floor((4096 - (at % 4096)) / 8)));
    const bytes = context.user.read(at, count * 8);
    const view = new DataView(bytes.buffer, bytes.byteOffset);
    for (let index = 0; index < count; index++) {
      const value = Number(view.getBigUint64(index * 8, true));
      if (value === 0) return;
      yield value;
    }
    at += count * 8;
  }
}

function closeOnExec(kernel: Kernel, context: Context): void {
  const thread = threadOf(context);
  if (context.files) {
    const own = context.files.copy();
    context.files.release(kernel);
    context.files = own;
  }
  for (const fd of thread.closeOnExec) context.files?.take(fd)?.release(kernel);
  thread.closeOnExec = new Set();
}
