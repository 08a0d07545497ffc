import type { Context } from '../../contexts/context.js';
import type { MemoryObject } from '../../memory/memory-object.js';
import { openFileOf } from './linux-files.js';

/** An open file that mmap can show. */
export interface Mappable {
  readonly label: string;
  readonly readable: boolean;
  readonly writable: boolean;
  /** Its content, whose reference is the caller's; `writes` says that changes are to reach the file. */
  object(writes: boolean): MemoryObject;
}

export function mappableOf(context: Context, fd: number): Mappable | undefined {
  return openFileOf(context, fd).file.mappable?.(context);
}
