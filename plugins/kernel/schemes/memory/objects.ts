import type { Description } from '../../files/description.js';
import type { MemoryObject } from '../../memory/memory-object.js';

/** A provider whose files are memory objects. */
export interface ObjectHolder {
  objectAt(number: number): MemoryObject | undefined;
}

/** The memory object an open file stands for, if it does. */
export function objectOf(file: Description): MemoryObject | undefined {
  const holder = file.provider as Partial<ObjectHolder>;
  return holder.objectAt?.(file.number);
}
