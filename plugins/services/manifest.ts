import { ISOLATE_INTERPRETER } from '../../core/abi/engine.js';

/** What a program is allowed and how it is kept: read by init, by the bundler and by the machine. */
export interface Manifest {
  /** Folder, program id, and name of its file in /usr/bin. */
  readonly name: string;
  readonly kind: 'daemon' | 'program';
  /** Names of the schemes a daemon registers; `$1` is its first argument. */
  readonly provides: readonly string[];
  /** Schemes it may open; `all` for programs that run in a session's own namespace. Of a program its file in /usr/bin says it. */
  readonly authority: readonly string[] | 'all';
  readonly memoryLimitMiB: number;
  /** What init does when it ends: start it again never, after a failure, or always. */
  readonly restart: 'never' | 'on-failure' | 'always';
  /** Further names under which the program is installed. */
  readonly commands?: readonly string[];
}

/** First line of the file in /usr/bin: names the program, and what it may open. */
export const commandLine = ({ name, kind, authority }: Manifest): string =>
  `#!${ISOLATE_INTERPRETER} ${name}${kind === 'daemon' || authority === 'all' ? '' : ` schemes=${authority.join()}`}\n`;

const DEFAULTS = { provides: [], memoryLimitMiB: 16, restart: 'never' } as const;

export const daemon = (
  name: string,
  parts: Partial<Manifest> & Pick<Manifest, 'provides' | 'authority'>,
): Manifest => ({ ...DEFAULTS, name, kind: 'daemon', restart: 'on-failure', ...parts });

export const program = (name: string, parts: Partial<Manifest> = {}): Manifest => ({
  ...DEFAULTS,
  name,
  kind: 'program',
  authority: 'all',
  ...parts,
});
