import { Terminal } from '../tty/terminal.js';
import { openStandardStreams } from './standard-streams.js';

// A program of one terminal and no guest, for the tests: prints what it reads and which signals it gets.

const streams = openStandardStreams(() => undefined);
const host = streams.terminal;
if (!host) throw new Error('this needs a terminal');

const say = (text: string): void => void terminal.write(Buffer.from(`${text}\n`));

const terminal = new Terminal({
  screen: host.screen,
  signalGroup: (_pgid, signal) => say(`signal ${signal}`),
  changed: () => setImmediate(read),
  nowNs: () => 0,
});
terminal.foreground = 1;

function read(): void {
  const state = terminal.read(4096, 0);
  if (state.kind === 'wait') return;
  const line = Buffer.from(state.bytes).toString();
  say(`read ${JSON.stringify(line)}`);
  if (line === 'throw\n') throw new Error('thrown');
  if (line === 'die\n') process.kill(process.pid, 'SIGTERM');
  if (line !== '') return void setImmediate(read);
  streams.close();
  process.exit(3);
}

host.attach(terminal);
say(`size ${terminal.size.rows}x${terminal.size.columns}`);
host.demand();
