import { tarHeader, BLOCK_BYTES } from '../ramfs/tar.js';
import { concat, encodeUtf8 } from './utf8.js';

/** What a boot image holds at a path: text or bytes of a file, or where a link leads. */
export interface ImageFile {
  readonly content?: string | Uint8Array;
  readonly link?: string;
  readonly mode?: number;
}

/** A tar archive of these files. A path that ends in `/` is a directory. */
export function buildBootImage(files: Readonly<Record<string, ImageFile | string>>): Uint8Array {
  const parts = Object.entries(files).flatMap(([path, file]) =>
    member(path.replace(/^\/+/, ''), typeof file === 'string' ? { content: file } : file),
  );
  return concat([...parts, new Uint8Array(2 * BLOCK_BYTES)]);
}

function member(path: string, { content = '', link, mode }: ImageFile): Uint8Array[] {
  const bytes = typeof content === 'string' ? encodeUtf8(content) : content;
  if (link !== undefined)
    return [tarHeader({ path, kind: 'symlink', mode: mode ?? 0o777, size: 0, target: link })];
  if (path.endsWith('/'))
    return [tarHeader({ path, kind: 'directory', mode: mode ?? 0o755, size: 0, target: '' })];
  const header = tarHeader({ path, kind: 'file', mode: mode ?? 0o644, size: bytes.length, target: '' });
  const padding = new Uint8Array((BLOCK_BYTES - (bytes.length % BLOCK_BYTES)) % BLOCK_BYTES);
  return [header, bytes, padding];
}
