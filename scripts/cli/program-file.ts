import { closeSync, existsSync, openSync, readSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { HostError } from '../../core/errors/host-error.js';
import { values } from './values.js';

const IDENT_BYTES = 20;
const ELF_MAGIC = 0x7f454c46;
const CLASS_64 = 2;
const LITTLE_ENDIAN = 1;
const MACHINE_X86_64 = 62;

/** The absolute path of an x86-64 ELF file. Throws CONFIG that says what the file is instead. */
export function programFile(path: string): string {
  if (!existsSync(path)) throw new HostError('CONFIG', `there is no program ${path}`, remedyFor(path));
  const file = values.file(path);
  const wrong = whatItIsInstead(head(file));
  if (wrong) throw new HostError('CONFIG', `${path} ${wrong}`, 'name a program built for x86-64');
  return file;
}

function head(file: string): Buffer {
  const descriptor = openSync(file, 'r');
  try {
    const bytes = Buffer.alloc(IDENT_BYTES);
    return bytes.subarray(0, readSync(descriptor, bytes, 0, IDENT_BYTES, 0));
  } finally {
    closeSync(descriptor);
  }
}

function whatItIsInstead(bytes: Buffer): string | undefined {
  if (bytes.subarray(0, 2).toString('latin1') === '#!')
    return 'is a script: run its interpreter, with the script as argument';
  if (bytes.length < IDENT_BYTES || bytes.readUInt32BE(0) !== ELF_MAGIC) return 'is not an ELF file';
  if (bytes[4] !== CLASS_64 || bytes[5] !== LITTLE_ENDIAN)
    return 'is an ELF file, but not of 64 bits and little-endian';
  const machine = bytes.readUInt16LE(18);
  return machine === MACHINE_X86_64 ? undefined : `is an ELF file for another processor (machine ${machine})`;
}

function remedyFor(name: string): string {
  if (name.includes('/')) return 'check the path';
  const folders = (process.env['PATH'] ?? '').split(delimiter);
  const found = folders.map((folder) => join(folder, name)).find((path) => existsSync(path));
  return found ? `PATH is not searched; write ${found}` : 'check the path';
}
