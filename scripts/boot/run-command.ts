import { randomBytes } from 'node:crypto';
import type { CommandResult, GuestConsole } from '../repl/index.js';

/** Types a command into the shell on the console and answers what it prints, and its status. */
export function runCommand(console: GuestConsole, command: string): Promise<CommandResult> {
  const mark = randomBytes(6).toString('hex');
  return new Promise((resolve) => {
    let text = '';
    const decoder = new TextDecoder();
    const stop = console.onOutput((bytes) => {
      text += decoder.decode(bytes, { stream: true });
      const found = new RegExp(`\\n?<${mark}>\\r?\\n?([\\s\\S]*?)<${mark} (\\d+)>`).exec(text);
      if (!found) return;
      stop();
      resolve({ output: (found[1] ?? '').replaceAll('\r\n', '\n'), status: Number(found[2]) });
    });
    const half = `${mark.slice(0, 6)}''${mark.slice(6)}`;
    console.type(Buffer.from(`echo '<'${half}'>'; ${command}; echo '<'${half} "$?>"\n`));
  });
}
