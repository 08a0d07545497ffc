import { textFromHex, textToHex } from '../hex.js';
import { PACKET_BYTES } from '../framing/link.js';
import type { Session } from '../session/session.js';
import type { Monitor } from '../target.js';
import { OK } from './packet.js';
import type { Packet } from './packet.js';

const PIECE_CHARS = PACKET_BYTES / 8;

function helpText(monitor: Monitor): string {
  const commands = [{ name: 'help', help: 'this list' }, ...monitor.commands];
  const width = Math.max(...commands.map(({ name }) => name.length));
  return commands.map(({ name, help }) => `${name.padEnd(width)}  ${help}\n`).join('');
}

async function run(monitor: Monitor, line: string): Promise<string> {
  const [name = 'help', ...args] = line.split(/\s+/).filter(Boolean);
  if (name === 'help') return helpText(monitor);
  const command = monitor.commands.find((each) => each.name === name);
  if (!command) return `"${name}" is no monitor command. Try "monitor help".\n`;
  try {
    return await command.run(args);
  } catch (error) {
    return `${name}: ${error instanceof Error ? error.message : String(error)}\n`;
  }
}

function print(session: Session, text: string): void {
  for (let at = 0; at < text.length; at += PIECE_CHARS) {
    session.output.send(`O${textToHex(text.slice(at, at + PIECE_CHARS))}`);
  }
}

/** `qRcmd,HEX`: `monitor COMMAND` in gdb. */
export const monitorCommand: Packet = {
  name: 'qRcmd',
  offered: ({ monitor }) => monitor !== undefined,
  async answer(session, rest) {
    const { monitor } = session.target;
    const text = monitor ? await run(monitor, textFromHex(rest.slice(1))) : '';
    print(session, text === '' || text.endsWith('\n') ? text : `${text}\n`);
    return OK;
  },
};
