import { execFile, spawnSync } from 'node:child_process';
import type { ExecFileException } from 'node:child_process';
import type { Context } from 'mocha';

const GDB_LIMIT_MS = 50_000;

/** Skips the test by name where the tool is missing; CI has all of them. */
export function need(context: Context, ...tools: readonly string[]): void {
  const missing = tools.filter((tool) => spawnSync(tool, ['--version']).error !== undefined);
  if (missing.length === 0) return;
  if (process.env['CI']) throw new Error(`CI needs ${missing.join(' and ')}`);
  if (context.test) context.test.title += ` (needs ${missing.join(' and ')})`;
  context.skip();
}

/** What stock gdb prints, both streams, for these commands. */
export function gdb(commands: readonly string[], ...args: readonly string[]): Promise<string> {
  const quiet = ['set confirm off', 'set debuginfod enabled off', 'set width 0', 'set height 0'];
  const flags = [...quiet, ...commands].flatMap((command) => ['-ex', command]);
  return new Promise((resolve, reject) => {
    const options = { timeout: GDB_LIMIT_MS, killSignal: 'SIGKILL' as const };
    execFile(
      'gdb',
      ['-nx', '-batch', ...flags, ...args],
      options,
      (error: ExecFileException | null, out, err) => {
        if (error?.killed) reject(new Error(`gdb did not end:\n${out}${err}`));
        else resolve(out + err);
      },
    );
  });
}
