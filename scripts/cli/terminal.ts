import { spawnSync } from 'node:child_process';
import { isatty } from 'node:tty';

export interface Terminal {
  /** Puts the terminal back as it was found. */
  restore(): void;
}

const SHOW_CURSOR = '\x1b[?25h';
const PLAIN_TEXT = '\x1b[0m';

/** Notes the modes of this process's terminal, for after the death of somebody who changed them. */
export function rememberTerminal(): Terminal {
  const modes = isatty(0) ? stty('-g') : undefined;
  return {
    restore() {
      if (modes) stty(modes);
      if (isatty(1)) process.stdout.write(`${PLAIN_TEXT}${SHOW_CURSOR}`);
    },
  };
}

function stty(argument: string): string | undefined {
  const { status, stdout } = spawnSync('stty', [argument], {
    stdio: ['inherit', 'pipe', 'ignore'],
    encoding: 'utf8',
  });
  return status === 0 ? stdout.trim() : undefined;
}
