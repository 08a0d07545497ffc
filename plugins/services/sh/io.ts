import { concat, encodeUtf8 } from '../runtime/utf8.js';
import type { Files } from '../runtime/files.js';

/** Collects output inside the shell, for `$(…)`. */
export class Capture {
  readonly parts: Uint8Array[] = [];

  bytes(): Uint8Array {
    return concat(this.parts);
  }
}

export type Target = number | Capture;

/** Where the descriptors of a command lead: numbers of the command to descriptors of the shell. */
export type Io = ReadonlyMap<number, Target>;

/** Writes of a builtin. A closed descriptor swallows what it gets. */
export function put(files: Files, io: Io, fd: number, content: string | Uint8Array): void {
  const bytes = typeof content === 'string' ? encodeUtf8(content) : content;
  const target = io.get(fd);
  if (target instanceof Capture) target.parts.push(bytes);
  else if (target !== undefined) files.write(target, bytes);
}
