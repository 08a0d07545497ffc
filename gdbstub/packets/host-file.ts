import { escapeBinary } from '../framing/escape.js';
import { PACKET_BYTES } from '../framing/link.js';
import { parseNumber, textFromHex } from '../hex.js';
import type { Session } from '../session/session.js';
import type { OpenFile } from '../target.js';
import { fileStatus } from './file-status.js';
import { UNSUPPORTED } from './packet.js';
import type { Packet } from './packet.js';
import { EIO, ENOENT, EROFS, Refused } from './refused.js';

type Operation = (session: Session, args: readonly string[]) => string | Promise<string>;

const MOST_BYTES = PACKET_BYTES / 2 - 32;
const O_ACCMODE = 3;

const withBytes = (bytes: Uint8Array): string => `F${bytes.length.toString(16)};${escapeBinary(bytes)}`;

async function openPath(session: Session, hexPath = ''): Promise<OpenFile> {
  const file = await session.target.files?.open(textFromHex(hexPath));
  if (!file) throw new Refused(ENOENT, 'no such file');
  return file;
}

async function open(session: Session, [hexPath, flags]: readonly string[]): Promise<string> {
  if ((parseNumber(flags) & O_ACCMODE) !== 0) throw new Refused(EROFS, 'files can only be read');
  return `F${session.files.add(await openPath(session, hexPath)).toString(16)}`;
}

function read(session: Session, [descriptor, count, offset]: readonly string[]): string {
  const file = session.files.get(parseNumber(descriptor));
  return withBytes(file.read(parseNumber(offset), Math.min(parseNumber(count), MOST_BYTES)));
}

function status(session: Session, [descriptor]: readonly string[]): string {
  return withBytes(fileStatus(session.files.get(parseNumber(descriptor))));
}

async function statusOfPath(session: Session, [hexPath]: readonly string[]): Promise<string> {
  const file = await openPath(session, hexPath);
  file.close?.();
  return withBytes(fileStatus(file));
}

function close(session: Session, [descriptor]: readonly string[]): string {
  session.files.close(parseNumber(descriptor));
  return 'F0';
}

/** `stat` is gdb 16's, `lstat` 17's. There is one file system, and no links, writes or removals in it. */
const OPERATIONS = new Map<string, Operation>([
  ['open', open],
  ['pread', read],
  ['fstat', status],
  ['stat', statusOfPath],
  ['lstat', statusOfPath],
  ['close', close],
  ['setfs', () => 'F0'],
]);

/** File errors are answers of their own kind: `F-1,ERRNO`. */
function failed(error: unknown): string {
  const errno = error instanceof Refused ? error.errno : EIO;
  return `F-1,${errno.toString(16)}`;
}

/** `vFile:OPERATION:ARGUMENT,...`: the files behind gdb's `target:` paths. */
export const hostFile: Packet = {
  name: 'vFile',
  offered: ({ files }) => files !== undefined,
  async answer(session, rest) {
    const [, name = '', args = ''] = rest.split(':');
    const operation = OPERATIONS.get(name);
    if (!operation) return UNSUPPORTED;
    try {
      return await operation(session, args.split(','));
    } catch (error) {
      return failed(error);
    }
  },
};
