import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** True when the GNU assembler and its companions can be run: tests that compare with them say so when they skip. */
export function hasBinutils(): boolean {
  try {
    for (const tool of ['as', 'objcopy', 'objdump', 'readelf'])
      execFileSync(tool, ['--version'], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}

/** Runs `work` in a folder of its own and removes it. */
export function inTemporaryFolder<T>(work: (folder: string) => T): T {
  const folder = mkdtempSync(join(tmpdir(), 'halfcell-image-'));
  try {
    return work(folder);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** What the GNU assembler makes of Intel-syntax lines; places of unknown symbols are zero. */
export function assembleWithGnu(lines: readonly string[]): Uint8Array {
  return inTemporaryFolder((folder) => {
    const [source, object, binary] = ['a.s', 'a.o', 'a.bin'].map((name) => join(folder, name)) as [
      string,
      string,
      string,
    ];
    writeFileSync(source, ['.intel_syntax noprefix', ...lines, ''].join('\n'));
    execFileSync('as', ['--64', '-o', object, source], { stdio: ['ignore', 'ignore', 'inherit'] });
    execFileSync('objcopy', ['-O', 'binary', '-j', '.text', object, binary]);
    return new Uint8Array(readFileSync(binary));
  });
}
