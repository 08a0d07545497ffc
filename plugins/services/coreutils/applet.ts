import { messageOf } from '../runtime/posix-error.js';
import { parseOptions, UsageError } from './options.js';
import type { Os } from '../runtime/os.js';
import type { OptionSpec, Options } from './options.js';

export interface Output {
  write(content: string | Uint8Array): void;
  line(text?: string): void;
}

/** One run of a utility: as a program of its own, or inside the shell as a builtin. */
export interface Call {
  readonly os: Os;
  readonly name: string;
  readonly args: readonly string[];
  readonly stdin: number;
  readonly out: Output;
  /** Environment of this run. */
  readonly env: Readonly<Record<string, string>>;
  /** One line on standard error, with the name in front. */
  complain(text: string): void;
}

export interface Applet {
  /** Shown by --help, behind the name. */
  readonly usage: string;
  readonly about: string;
  readonly options?: OptionSpec;
  /** Operands may look like options: everything is handed over as it is. */
  readonly raw?: true;
  /** Exit status of a wrong option; 1 unless said. */
  readonly usageStatus?: number;
  run(call: Call, options: Options): number;
}

export function runApplet(applet: Applet, call: Call): number {
  if (!applet.raw && call.args.includes('--help')) {
    call.out.line(`Usage: ${call.name} ${applet.usage}`.trimEnd());
    call.out.line(applet.about);
    return 0;
  }
  try {
    const options = applet.raw ? parseOptions([], {}) : parseOptions(call.args, applet.options ?? {});
    return applet.run(call, options);
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    call.complain(`${error.message}; try ${call.name} --help`);
    return applet.usageStatus ?? 1;
  }
}

/** Runs `act` for each operand; a failure is said and makes the status 1, the others go on. */
export function forEachOperand(
  call: Call,
  operands: readonly string[],
  act: (operand: string) => void,
): number {
  let status = 0;
  for (const operand of operands) {
    try {
      act(operand);
    } catch (error) {
      if (isEngineEnd(error) || isBrokenPipe(error)) throw error;
      call.complain(`${operand}: ${messageOf(error)}`);
      status = 1;
    }
  }
  return status;
}

const isEngineEnd = (error: unknown): boolean => !(error instanceof Error);
const isBrokenPipe = (error: unknown): boolean => error instanceof Error && error.name === 'EPIPE';
