import { CommanderError } from 'commander';
import { reasonOf } from '../../core/errors/host-error.js';
import type { HostError, HostErrorCode } from '../../core/errors/host-error.js';

export const ExitStatus = { OK: 0, FAILED: 1, MISTAKE: 2 } as const;

/** What is nobody's mistake in the command: the machine or one of its plugins broke while it ran. */
const BROKEN = new Set<HostErrorCode>([
  'SCOPE_UNDO',
  'TAP_FAILED',
  'HANDLER_FAILED',
  'HOST_FAILED',
  'TRIPLE_FAULT',
  'MACHINE_STATE',
]);

const SYSTEM_ERRORS: Record<string, (error: SystemError) => string> = {
  EADDRINUSE: ({ port }) => `port ${port} is in use; choose another one, or 0 for any that is free`,
  EACCES: ({ path, port }) => `no permission for ${path ?? `port ${port}`}; check who owns it`,
  ENOENT: ({ path }) => `there is no file ${path}; check the path`,
};

interface SystemError {
  readonly code?: string;
  readonly path?: string;
  readonly port?: number;
}

export interface Failure {
  /** One line. */
  readonly text: string;
  readonly status: number;
}

/** What to print about anything that was thrown, and the status to exit with. */
export function failureOf(error: unknown, command = ''): Failure {
  if (error instanceof CommanderError) return ofCommander(error, command);
  if (isHostError(error)) return ofHost(error);
  const describe = SYSTEM_ERRORS[(error as SystemError).code ?? ''];
  if (describe) return { text: describe(error as SystemError), status: ExitStatus.MISTAKE };
  return {
    text: `${oneLine(reasonOf(error))}; set HALFCELL_DEBUG=1 to see where`,
    status: ExitStatus.FAILED,
  };
}

// By name: a plugin compiled at run time carries its own copy of the class.
const isHostError = (error: unknown): error is HostError =>
  error instanceof Error && error.name === 'HostError';

function ofCommander(error: CommanderError, command: string): Failure {
  const what = oneLine(error.message.replace(/^error: /, ''));
  return { text: `${what}; see halfcell ${command ? `${command} ` : ''}--help`, status: ExitStatus.MISTAKE };
}

function ofHost(error: HostError): Failure {
  const text = error.message.slice(`${error.code}: `.length);
  return { text: oneLine(text), status: BROKEN.has(error.code) ? ExitStatus.FAILED : ExitStatus.MISTAKE };
}

const oneLine = (text: string) => text.trim().replace(/\s*\n\s*/g, ' ');

/** Prints the one line, with the whole stack when HALFCELL_DEBUG is set, and answers the exit status. */
export function report(error: unknown, command = ''): number {
  const { text, status } = failureOf(error, command);
  process.stderr.write(`halfcell: ${text}\n`);
  if (process.env['HALFCELL_DEBUG'] && error instanceof Error) process.stderr.write(`${stackOf(error)}\n`);
  return status;
}

function stackOf(error: Error): string {
  const cause = error.cause instanceof Error ? `\ncaused by ${stackOf(error.cause)}` : '';
  return `${error.stack ?? error.message}${cause}`;
}
