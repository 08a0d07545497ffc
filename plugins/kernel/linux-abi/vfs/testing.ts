import type { Location } from './location.js';
import { SysFailure } from './failure.js';
import { Open } from './flags.js';
import { openPath } from './open.js';
import type { FileHandle } from './types.js';
import type { Caller, Vfs } from './vfs.js';

// What the tests of the VFS share.

export const nowNs = (): bigint => 1_000_000_000n;

export const callerAt = (cwd: Location): Caller => ({ uid: 0, gid: 0, groups: [], umask: 0o022, cwd });

/** The errno `attempt` fails with; 0 when it does not. */
export function errnoOf(attempt: () => unknown): number {
  try {
    attempt();
    return 0;
  } catch (failure) {
    if (failure instanceof SysFailure) return failure.errno;
    throw failure;
  }
}

export function openFile(vfs: Vfs, caller: Caller, path: string, flags: number, mode = 0o666): FileHandle {
  const opened = openPath(vfs, caller, { path }, flags, mode);
  if (opened.kind !== 'file') throw new Error(`${path} opened as ${opened.kind}`);
  return opened.handle;
}

export function writeText(vfs: Vfs, caller: Caller, path: string, text: string): void {
  const handle = openFile(vfs, caller, path, Open.CREAT | Open.WRONLY | Open.TRUNC);
  const bytes = Buffer.from(text);
  try {
    for (let done = 0; done < bytes.length;) done += handle.write(bytes.subarray(done), done);
  } finally {
    handle.close();
  }
}

export function readText(vfs: Vfs, caller: Caller, path: string): string {
  const handle = openFile(vfs, caller, path, Open.RDONLY);
  const chunks: Buffer[] = [];
  for (let at = 0; ;) {
    const chunk = Buffer.alloc(65_536);
    const length = handle.read(chunk, at);
    if (length === 0) break;
    chunks.push(chunk.subarray(0, length));
    at += length;
  }
  handle.close();
  return Buffer.concat(chunks).toString();
}
