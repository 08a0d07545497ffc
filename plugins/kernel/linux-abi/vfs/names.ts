import { Errno } from '../../../../core/abi/errno.js';
import { fail } from './failure.js';

// Linux names are bytes. Inside the VFS a name is a string with one character (0..255) a byte, so that
// no name is lost or aliased by a text encoding.

export const NAME_MAX_BYTES = 255;
export const PATH_MAX_BYTES = 4096;

export const nameOfBytes = (bytes: Uint8Array): string =>
  Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('latin1');

export const bytesOfName = (name: string): Buffer => Buffer.from(name, 'latin1');

/** From text a person typed, UTF-8. */
export const nameOfText = (text: string): string => Buffer.from(text, 'utf8').toString('latin1');

/** The components, without empty ones. ENAMETOOLONG for 4096 bytes and more. */
export function splitPath(path: string): string[] {
  if (path.length >= PATH_MAX_BYTES) fail(Errno.ENAMETOOLONG);
  return path.split('/').filter((part) => part !== '');
}

export function checkName(name: string): void {
  if (name.length > NAME_MAX_BYTES) fail(Errno.ENAMETOOLONG);
}
