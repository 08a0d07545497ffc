import { Terminal } from '../runtime/terminal.js';
import { completions } from './complete.js';
import { Incomplete } from './lexer.js';
import { LineEditor } from './line-editor.js';
import { PlainLines } from './plain-lines.js';
import type { EditResult } from './line-editor.js';
import { parse } from './parser.js';
import { jobLine } from './builtins-jobs.js';
import { put } from './io.js';
import type { Interpreter } from './interpreter.js';

const HISTORY_LINES = 1000;
const DEFAULT_PROMPT = '\\u:\\w\\$ ';

/** Reads commands from a terminal until its end. Answers the status of the last one. */
export function interact(shell: Interpreter): number {
  const terminal = new Terminal(shell.os.files, 0, 1);
  shell.interactive = true;
  shell.terminal = terminal;
  const own = shell.state.pid;
  loadHistory(shell);
  const lines = linesOf(shell, terminal);
  for (;;) {
    for (const job of shell.jobs.collect()) put(shell.os.files, shell.io, 2, jobLine(job));
    terminal.setForeground(own);
    const text = readCommand(shell, lines);
    if (text === undefined) return shell.state.lastStatus;
    if (text.trim() === '') continue;
    remember(shell, text);
    shell.source(text);
  }
}

type ReadLine = (prompt: string) => EditResult;

/** What is typed ahead stays with its reader. */
function linesOf(shell: Interpreter, terminal: Terminal): ReadLine {
  if (shell.state.get('TERM') === 'dumb') {
    const plain = new PlainLines(terminal);
    return (text) => plain.readLine(text);
  }
  const editor = new LineEditor(terminal, shell.history, (text, cursor) => completions(shell, text, cursor));
  return (text) => {
    terminal.enterRaw();
    try {
      return editor.readLine(text);
    } finally {
      terminal.restore();
    }
  };
}

/** Lines until they are a whole command; undefined at the end of input. */
function readCommand(shell: Interpreter, readLine: ReadLine): string | undefined {
  for (let text = ''; ;) {
    const line = readLine(prompt(shell, text === '' ? 'PS1' : 'PS2'));
    if (line.kind === 'aborted') {
      shell.state.lastStatus = 130;
      return '';
    }
    if (line.kind === 'end') return text === '' ? undefined : text;
    text += (text === '' ? '' : '\n') + line.text;
    if (isWhole(shell, text)) return text;
  }
}

function isWhole(shell: Interpreter, text: string): boolean {
  try {
    parse(text, shell.state.aliases);
    return true;
  } catch (error) {
    return !(error instanceof Incomplete);
  }
}

/** `\u` user, `\h` host, `\w` directory, `\W` its last name, `\$` # for root, `\e` escape. */
export function prompt(shell: Interpreter, name: 'PS1' | 'PS2'): string {
  const text = shell.state.get(name) ?? (name === 'PS1' ? DEFAULT_PROMPT : '> ');
  const home = shell.state.get('HOME') ?? '';
  const { cwd } = shell.os.files;
  const where =
    home !== '' && (cwd === home || cwd.startsWith(`${home}/`)) ? `~${cwd.slice(home.length)}` : cwd;
  const user = shell.state.get('USER') ?? '?';
  const values: Readonly<Record<string, string>> = {
    u: user,
    h: shell.state.get('HOSTNAME') ?? 'halfcell',
    w: where,
    W: where === '/' ? '/' : (where.split('/').at(-1) ?? where),
    $: user === 'root' ? '#' : '$',
    e: '\x1b',
    n: '\r\n',
    '[': '',
    ']': '',
    '\\': '\\',
  };
  return text.replace(/\\(.)/gs, (whole, letter: string) => values[letter] ?? whole);
}

function remember(shell: Interpreter, text: string): void {
  const line = text.replaceAll('\n', ' ');
  if (line.startsWith(' ') || shell.history.at(-1) === line) return;
  shell.history.push(line);
  if (shell.history.length > HISTORY_LINES) shell.history.splice(0, shell.history.length - HISTORY_LINES);
  saveHistory(shell, line);
}

const historyPath = (shell: Interpreter): string =>
  shell.state.get('HISTFILE') ?? `${shell.state.get('HOME') ?? ''}/.sh_history`;

function loadHistory(shell: Interpreter): void {
  try {
    const lines = shell.os.files.readText(historyPath(shell)).split('\n').filter(Boolean);
    shell.history.push(...lines.slice(-HISTORY_LINES));
  } catch {
    // No history yet.
  }
}

const APPEND = 0x0008_0000;

function saveHistory(shell: Interpreter, line: string): void {
  try {
    shell.os.files.writeFile(historyPath(shell), `${line}\n`, APPEND);
  } catch {
    // A read-only home: the session's own history remains.
  }
}
