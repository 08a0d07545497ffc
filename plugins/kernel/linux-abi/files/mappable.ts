import type { Context } from '../../contexts/context.js';
import type { MemoryObject } from '../../memory/memory-object.js';
import type { Description } from '../../files/description.js';

/** An open file that mmap can show. */
export interface Mappable {
  readonly label: string;
  readonly readable: boolean;
  readonly writable: boolean;
  /** Its content; the caller retains it. */
  object(): MemoryObject;
}

/** A provider some of whose files can be mapped. */
export interface MappableHolder {
  mappable(file: Description): Mappable | undefined;
}

export function mappableOf(context: Context, fd: number): Mappable | undefined {
  const file = context.files?.get(fd);
  const holder = file?.provider as Partial<MappableHolder> | undefined;
  return file && holder?.mappable?.(file);
}
