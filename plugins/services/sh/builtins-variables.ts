import { decodeUtf8 } from '../runtime/utf8.js';
import { put } from './io.js';
import { ShellError } from './state.js';
import type { Builtin, BuiltinCall } from './builtins.js';

const quoted = (text: string): string => `'${text.replaceAll("'", "'\\''")}'`;

const assign = ({ shell, argv: [name, ...words], io }: BuiltinCall, act: 'export' | 'protect'): number => {
  const operands = words.filter((word) => word !== '-p' && word !== '--');
  if (operands.length === 0) listed({ shell, argv: [name ?? ''], io }, act);
  for (const operand of operands) {
    const [, key = '', , value] = /^([^=]*)(=(.*))?$/s.exec(operand) ?? [];
    if (!/^[A-Za-z_]\w*$/.test(key)) throw new ShellError(`${name}: ${operand}: bad variable name`);
    shell.state[act](key, value);
  }
  return 0;
};

function listed({ shell, argv: [name], io }: BuiltinCall, act: 'export' | 'protect'): void {
  for (const [key, variable] of [...shell.state.variables].sort(([a], [b]) => (a < b ? -1 : 1))) {
    const shown = act === 'export' ? variable.exported : variable.readonly;
    if (shown) put(shell.os.files, io, 1, `${name} ${key}=${quoted(variable.value ?? '')}\n`);
  }
}

const OPTION_NAMES: Readonly<Record<string, string>> = {
  allexport: 'a',
  errexit: 'e',
  noglob: 'f',
  nounset: 'u',
  xtrace: 'x',
};

const set: Builtin = ({ shell, argv: [, ...words], io }) => {
  const { state } = shell;
  if (words.length === 0) {
    for (const [key, { value }] of [...state.variables].sort(([a], [b]) => (a < b ? -1 : 1)))
      put(shell.os.files, io, 1, `${key}=${quoted(value ?? '')}\n`);
    return 0;
  }
  while (/^[-+]./.test(words[0] ?? '') && words[0] !== '--') {
    const word = words.shift() ?? '';
    const letters = word.slice(1) === 'o' ? (OPTION_NAMES[words.shift() ?? ''] ?? '?') : word.slice(1);
    for (const letter of letters) {
      if (!'aefux'.includes(letter)) throw new ShellError(`set: ${word}: unknown option`, 2);
      if (word.startsWith('-')) state.options.add(letter);
      else state.options.delete(letter);
    }
    if (words.length === 0) return 0;
  }
  state.positional = words[0] === '--' ? words.slice(1) : words;
  return 0;
};

const shift: Builtin = ({ shell, argv: [, text = '1'] }) => {
  const count = Number(text);
  if (!(count <= shell.state.positional.length)) return 1;
  shell.state.positional = shell.state.positional.slice(count);
  return 0;
};

/** One line, byte by byte: what follows it belongs to the next reader. */
const read: Builtin = ({ shell, argv: [, ...words], io }) => {
  const raw = words.includes('-r');
  const promptAt = words.indexOf('-p');
  if (promptAt >= 0) put(shell.os.files, io, 2, words[promptAt + 1] ?? '');
  const names = words.filter((word, i) => !word.startsWith('-') && i !== (promptAt >= 0 ? promptAt + 1 : -1));
  const line = readLine(shell.os.files, io.get(0), raw);
  if (line === undefined) return 1;
  const fields = fieldsOf(line.text, shell.state.get('IFS') ?? ' \t\n', names.length || 1);
  for (const [i, name] of (names.length > 0 ? names : ['REPLY']).entries())
    shell.state.set(name, names.length > 0 ? (fields[i] ?? '') : line.text);
  return line.ended ? 0 : 1;
};

function readLine(
  files: BuiltinCall['shell']['os']['files'],
  input: unknown,
  raw: boolean,
): { text: string; ended: boolean } | undefined {
  if (typeof input !== 'number') return undefined;
  const bytes: number[] = [];
  for (;;) {
    const [byte] = files.read(input, 1);
    if (byte === undefined) return bytes.length > 0 ? { text: textOf(bytes), ended: false } : undefined;
    const continued = byte === 10 && !raw && bytes.at(-1) === 92;
    if (continued) bytes.pop();
    else if (byte === 10)
      return { text: raw ? textOf(bytes) : textOf(bytes).replace(/\\(.)/gs, '$1'), ended: true };
    else bytes.push(byte);
  }
}

const textOf = (bytes: readonly number[]): string => decodeUtf8(Uint8Array.from(bytes));

/** The last name takes the rest of the line. */
function fieldsOf(text: string, ifs: string, count: number): string[] {
  const set = `[${ifs.replace(/[\\\]^-]/g, '\\$&')}]`;
  const trimmed = ifs === '' ? text : text.replace(new RegExp(`^[ \\t\\n]+|[ \\t\\n]+$`, 'g'), '');
  const fields: string[] = [];
  let rest = trimmed;
  while (fields.length < count - 1 && ifs !== '') {
    const match = new RegExp(`${set}+`).exec(rest);
    if (!match) break;
    fields.push(rest.slice(0, match.index));
    rest = rest.slice(match.index + match[0].length);
  }
  return [...fields, rest];
}

const alias: Builtin = ({ shell, argv: [, ...words], io }) => {
  const { aliases } = shell.state;
  const show = (name: string) => `alias ${name}=${quoted(aliases.get(name) ?? '')}\n`;
  let status = 0;
  for (const word of words.length > 0 ? words : [...aliases.keys()].sort()) {
    const at = word.indexOf('=');
    if (at > 0) aliases.set(word.slice(0, at), word.slice(at + 1));
    else if (aliases.has(word)) put(shell.os.files, io, 1, show(word));
    else status = 1;
  }
  return status;
};

const unalias: Builtin = ({ shell, argv: [, ...words] }) => {
  if (words[0] === '-a') shell.state.aliases.clear();
  const missing = words.filter((word) => word !== '-a' && !shell.state.aliases.delete(word));
  return missing.length > 0 ? 1 : 0;
};

const unset: Builtin = ({ shell, argv: [, ...words] }) => {
  const functions = words[0] === '-f';
  for (const name of words.filter((word) => word !== '-f' && word !== '-v')) {
    if (functions) shell.state.functions.delete(name);
    else shell.state.unset(name);
  }
  return 0;
};

const history: Builtin = ({ shell, argv: [, option], io }) => {
  if (option === '-c') shell.history.length = 0;
  for (const [i, line] of shell.history.entries())
    put(shell.os.files, io, 1, `${String(i + 1).padStart(5)}  ${line}\n`);
  return 0;
};

/** The variable has its old value again when the function returns. */
const local: Builtin = ({ shell, argv: [, ...words] }) => {
  for (const word of words) {
    const [, key = '', , value = ''] = /^([^=]*)(=(.*))?$/s.exec(word) ?? [];
    shell.localize(key);
    shell.state.set(key, value);
  }
  return 0;
};

export const variableBuiltins: Readonly<Record<string, Builtin>> = {
  export: (call) => assign(call, 'export'),
  readonly: (call) => assign(call, 'protect'),
  set,
  unset,
  shift,
  read,
  alias,
  unalias,
  history,
  local,
};
