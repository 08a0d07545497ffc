/** One step of a numbered script. `env` holds assignments in front of the command. */
export interface Step {
  readonly verb:
    'run' | 'nowait' | 'notify' | 'respawn' | 'echo' | 'export' | 'unset' | 'cd' | 'mkdir' | 'rm';
  readonly words: readonly string[];
  readonly env: Readonly<Record<string, string>>;
}

const VERBS: ReadonlySet<string> = new Set([
  'nowait',
  'notify',
  'respawn',
  'echo',
  'export',
  'unset',
  'cd',
  'mkdir',
  'rm',
]);
const ASSIGNMENT = /^([A-Za-z_][A-Za-z_0-9]*)=(.*)$/s;

/** Lines of words between blanks; `#` starts a comment line; a word `$NAME` becomes the variable's value. */
export function parseScript(text: string, env: Readonly<Record<string, string>>): Step[] {
  const lines = text.split('\n').map((line) => line.trim());
  return lines.filter((line) => line !== '' && !line.startsWith('#')).map((line) => parseStep(line, env));
}

function parseStep(line: string, env: Readonly<Record<string, string>>): Step {
  const [first = '', ...rest] = line.split(/\s+/).map((word) => substitute(word, env));
  if (!VERBS.has(first)) return command('run', [first, ...rest], env);
  return command(first as Step['verb'], rest, env);
}

const substitute = (word: string, env: Readonly<Record<string, string>>): string =>
  word.startsWith('$') ? (env[word.slice(1)] ?? '') : word;

/** `K=V` words in front belong to the command; `K=$` copies K from init. */
function command(verb: Step['verb'], words: readonly string[], env: Readonly<Record<string, string>>): Step {
  if (verb === 'export' || verb === 'echo') return { verb, words, env: {} };
  const own: Record<string, string> = {};
  let at = 0;
  for (let match = ASSIGNMENT.exec(words[at] ?? ''); match; match = ASSIGNMENT.exec(words[at] ?? '')) {
    const [, name = '', value = ''] = match;
    own[name] = value === '$' ? (env[name] ?? '') : value;
    at++;
  }
  return { verb, words: words.slice(at), env: own };
}
