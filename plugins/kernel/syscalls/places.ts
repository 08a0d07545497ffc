import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { SourcePlace } from '../gate/abi.js';

const FOLDERS = ['plugins/kernel/syscalls', 'plugins/kernel/linux-abi/syscalls'] as const;
const HANDLER = /^export const (\w+): Handler\b/;

/** Filled in by the build, which knows the sources; empty when the sources themselves run. */
declare const HALFCELL_HANDLER_PLACES: Readonly<Record<string, SourcePlace>> | undefined;

/** Where each handler is defined, found by reading the sources under the project root. */
export function scanHandlerPlaces(root: string): Record<string, SourcePlace> {
  const files = FOLDERS.filter((folder) => existsSync(join(root, folder))).flatMap((folder) =>
    readdirSync(join(root, folder)).map((name) => `${folder}/${name}`),
  );
  return Object.fromEntries(files.filter((file) => file.endsWith('.ts')).flatMap((file) => scan(root, file)));
}

function scan(root: string, file: string): [string, SourcePlace][] {
  const lines = readFileSync(join(root, file), 'utf8').split('\n');
  return lines.flatMap((text, index) => {
    const name = HANDLER.exec(text)?.[1]?.replace(/_$/, '');
    return name ? [[name, { file, line: index + 1 }] as [string, SourcePlace]] : [];
  });
}

const places =
  typeof HALFCELL_HANDLER_PLACES === 'undefined'
    ? scanHandlerPlaces(join(dirname(fileURLToPath(import.meta.url)), '../../..'))
    : HALFCELL_HANDLER_PLACES;

/** For the line table of the kernel image. */
export const handlerPlace = (name: string): SourcePlace =>
  places[name] ?? { file: 'plugins/kernel/gate/gate.ts', line: 1 };
