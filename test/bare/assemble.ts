import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const fileHere = (name: string) => fileURLToPath(new URL(name, import.meta.url));

/** Why programs cannot be assembled on this host, or undefined when they can. */
export function whyNoAssembler(): string | undefined {
  const missing = ['as', 'ld'].find((tool) => spawnSync(tool, ['--version']).status !== 0);
  return missing && `needs ${missing}`;
}

/** A program of this folder as a 32-bit ELF kernel at 1 MiB. */
export function assemble(name: string): Uint8Array {
  const folder = mkdtempSync(join(tmpdir(), 'halfcell-bare-'));
  try {
    const [object, file] = [join(folder, 'object'), join(folder, 'kernel')];
    execFileSync('as', ['--32', '-I', fileHere('.'), '-o', object, fileHere(name)]);
    execFileSync('ld', [
      '-m',
      'elf_i386',
      '-z',
      'noexecstack',
      '--no-warn-rwx-segments',
      '-T',
      fileHere('kernel.ld'),
      '-o',
      file,
      object,
    ]);
    return readFileSync(file);
  } finally {
    rmSync(folder, { recursive: true });
  }
}
