import { Errno } from '../../../../core/abi/errno.js';
import { readWord, viewOf } from '../../../../core/abi/wire.js';
import { PosixError } from '../posix-error.js';

export interface Segment {
  readonly address: number;
  readonly fileOffset: number;
  readonly fileBytes: number;
  readonly memoryBytes: number;
  readonly readable: boolean;
  readonly writable: boolean;
  readonly executable: boolean;
}

export interface ElfProgram {
  readonly entry: number;
  readonly positionIndependent: boolean;
  readonly segments: readonly Segment[];
  readonly interpreter?: { readonly fileOffset: number; readonly fileBytes: number };
  readonly headers: { readonly address: number; readonly entryBytes: number; readonly count: number };
  /** True when a note or the OS ABI byte marks a Redox program. */
  readonly osAbi: number;
}

const HEADER_BYTES = 64;
const ENTRY_BYTES = 56;
const X86_64 = 62;
const TYPE_EXEC = 2;
const TYPE_DYN = 3;
const Segments = { LOAD: 1, INTERP: 3, PHDR: 6 } as const;
const USER_END = 0x7fff_ffff_f000;

const refuse = (): never => {
  throw new PosixError(Errno.ENOEXEC, 'exec');
};

interface ProgramHeader {
  readonly type: number;
  readonly flags: number;
  readonly offset: number;
  readonly address: number;
  readonly fileBytes: number;
  readonly memoryBytes: number;
}

/** `head` must hold the file header and the program headers. ENOEXEC for what is no x86-64 program. */
export function parseElf(head: Uint8Array): ElfProgram {
  if (head.length < HEADER_BYTES) refuse();
  const view = viewOf(head);
  const type = view.getUint16(16, true);
  const valid =
    view.getUint32(0, false) === 0x7f45_4c46 &&
    head[4] === 2 &&
    head[5] === 1 &&
    view.getUint16(18, true) === X86_64 &&
    (type === TYPE_EXEC || type === TYPE_DYN) &&
    view.getUint16(54, true) === ENTRY_BYTES;
  if (!valid) refuse();
  const at = readWord(view, 32);
  const count = view.getUint16(56, true);
  if (at < 0 || at + count * ENTRY_BYTES > head.length) refuse();
  const headers = Array.from({ length: count }, (_, i) => programHeader(view, at + i * ENTRY_BYTES));
  return describe(view, headers, at, type === TYPE_DYN);
}

function describe(
  view: DataView,
  headers: readonly ProgramHeader[],
  headersAt: number,
  positionIndependent: boolean,
): ElfProgram {
  const loads = headers.filter(({ type, memoryBytes }) => type === Segments.LOAD && memoryBytes > 0);
  const interpreter = headers.find(({ type }) => type === Segments.INTERP);
  const first = loads.find(({ offset, fileBytes }) => offset <= headersAt && headersAt < offset + fileBytes);
  const table = headers.find(({ type }) => type === Segments.PHDR);
  const address = table?.address ?? (first ? first.address + headersAt - first.offset : 0);
  if (loads.length === 0) refuse();
  return {
    entry: readWord(view, 24),
    positionIndependent,
    segments: loads.map(segment),
    ...(interpreter
      ? { interpreter: { fileOffset: interpreter.offset, fileBytes: interpreter.fileBytes } }
      : {}),
    headers: { address, entryBytes: ENTRY_BYTES, count: headers.length },
    osAbi: view.getUint8(7),
  };
}

function programHeader(view: DataView, at: number): ProgramHeader {
  return {
    type: view.getUint32(at, true),
    flags: view.getUint32(at + 4, true),
    offset: readWord(view, at + 8),
    address: readWord(view, at + 16),
    fileBytes: readWord(view, at + 32),
    memoryBytes: readWord(view, at + 40),
  };
}

function segment({ flags, offset, address, fileBytes, memoryBytes }: ProgramHeader): Segment {
  const sane =
    offset >= 0 &&
    fileBytes >= 0 &&
    fileBytes <= memoryBytes &&
    address >= 0 &&
    address + memoryBytes <= USER_END;
  if (!sane) refuse();
  return {
    address,
    fileOffset: offset,
    fileBytes,
    memoryBytes,
    readable: (flags & 4) !== 0,
    writable: (flags & 2) !== 0,
    executable: (flags & 1) !== 0,
  };
}
