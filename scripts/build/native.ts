import { execFile } from 'node:child_process';
import { mkdir, readdir, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { promisify } from 'node:util';
import { packageRoot } from '../assets/package-root.js';

const run = promisify(execFile);

/** The same bytes on every computer with the same compiler and linker: no build id, no paths, no choice by the host's CPU. */
const COMPILER_FLAGS = [
  ...['-std=c17', '-O2', '-march=x86-64', '-mtune=generic', '-Wall', '-Wextra', '-Werror'],
  ...['-ffreestanding', '-fno-builtin', '-fno-stack-protector', '-fcf-protection=none', '-fno-pie'],
  ...['-fno-asynchronous-unwind-tables', '-fno-unwind-tables', '-fno-tree-loop-distribute-patterns'],
];
const LINKER_FLAGS = [
  ...['-nostdlib', '-static', '-no-pie'],
  ...['-Wl,--build-id=none', '-Wl,-z,max-page-size=4096', '-Wl,-z,noexecstack'],
];

const sourceFolder = () => join(packageRoot(), 'native');
/** Where the built programs are kept. */
export const nativeBinaries = () => join(packageRoot(), 'prebuilt/bin');
export const toolchainFile = () => join(packageRoot(), 'prebuilt/toolchain.txt');

/** Compiler and linker, a line each; undefined where there is no gcc. */
export async function toolchain(): Promise<string | undefined> {
  try {
    const versions = await Promise.all(
      [['--version'], ['-Wl,--version']].map(async (args) => (await run('gcc', args)).stdout.split('\n')[0]),
    );
    return `${versions.join('\n')}\n`;
  } catch {
    return undefined;
  }
}

/** Compiles every program of `native/programs` into `folder` and answers their names. Rejects with gcc's own words. */
export async function buildNative(folder: string): Promise<string[]> {
  await mkdir(folder, { recursive: true });
  const sources = (await readdir(join(sourceFolder(), 'programs')))
    .filter((file) => file.endsWith('.c'))
    .sort();
  const names = sources.map((file) => basename(file, '.c'));
  await Promise.all(names.map((name) => compile(name, join(folder, name))));
  return names;
}

async function compile(name: string, output: string): Promise<void> {
  const runtime = ['start.S', 'system.c', 'process.c', 'text.c'].map((file) => join('runtime', file));
  const sources = [...runtime, join('programs', `${name}.c`)];
  await run('gcc', [...COMPILER_FLAGS, ...LINKER_FLAGS, '-o', output, ...sources], { cwd: sourceFolder() });
}

if (process.argv[1] !== undefined && import.meta.url === pathToFileURL(process.argv[1]).href) {
  const used = await toolchain();
  if (used === undefined) throw new Error('gcc is needed to build native programs');
  await buildNative(nativeBinaries());
  await writeFile(toolchainFile(), used);
}
