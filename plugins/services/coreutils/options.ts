/** The command line is wrong. */
export class UsageError extends Error {}

export interface OptionSpec {
  /** Letters without a value. */
  readonly flags?: string;
  /** Letters with a value. */
  readonly values?: string;
  /** Long names: the letter they stand for. */
  readonly long?: Readonly<Record<string, string>>;
  /** `-5` is the value 5 of this letter. */
  readonly number?: string;
}

export class Options {
  readonly operands: string[] = [];
  readonly #flags = new Map<string, number>();
  readonly #values = new Map<string, string[]>();

  add(letter: string, value?: string): void {
    this.#flags.set(letter, (this.#flags.get(letter) ?? 0) + 1);
    if (value !== undefined) this.#values.set(letter, [...(this.#values.get(letter) ?? []), value]);
  }

  has(letter: string): boolean {
    return this.#flags.has(letter);
  }

  value(letter: string): string | undefined {
    return this.#values.get(letter)?.at(-1);
  }

  all(letter: string): readonly string[] {
    return this.#values.get(letter) ?? [];
  }

  /** A whole number; UsageError for anything else. */
  number(letter: string): number | undefined {
    const text = this.value(letter);
    if (text === undefined) return undefined;
    if (!/^[-+]?\d+$/.test(text)) throw new UsageError(`invalid number: '${text}'`);
    return Number(text);
  }
}

/** Letters together or apart, values attached or next, long names with `=` or next, `--` ends. */
export function parseOptions(args: readonly string[], spec: OptionSpec): Options {
  const options = new Options();
  const rest = [...args];
  for (let arg = rest.shift(); arg !== undefined; arg = rest.shift()) {
    if (arg === '--') {
      options.operands.push(...rest);
      break;
    }
    if (arg === '-' || !arg.startsWith('-')) options.operands.push(arg);
    else if (arg.startsWith('--')) takeLong(arg.slice(2), rest, spec, options);
    else if (spec.number && /^-\d+$/.test(arg)) options.add(spec.number, arg.slice(1));
    else takeLetters(arg.slice(1), rest, spec, options);
  }
  return options;
}

function takeLong(
  text: string,
  rest: string[],
  { long = {}, values = '' }: OptionSpec,
  options: Options,
): void {
  const [name = '', inline] = text.includes('=') ? splitOnce(text) : [text];
  const letter = long[name];
  if (letter === undefined) throw new UsageError(`unknown option --${name}`);
  if (!values.includes(letter)) return options.add(letter);
  const value = inline ?? rest.shift();
  if (value === undefined) throw new UsageError(`option --${name} needs a value`);
  options.add(letter, value);
}

const splitOnce = (text: string): [string, string] => {
  const at = text.indexOf('=');
  return [text.slice(0, at), text.slice(at + 1)];
};

function takeLetters(
  letters: string,
  rest: string[],
  { flags = '', values = '' }: OptionSpec,
  options: Options,
): void {
  for (let i = 0; i < letters.length; i++) {
    const letter = letters[i] ?? '';
    if (flags.includes(letter)) options.add(letter);
    else if (values.includes(letter)) {
      const value = letters.slice(i + 1) || rest.shift();
      if (value === undefined) throw new UsageError(`option -${letter} needs a value`);
      return options.add(letter, value);
    } else throw new UsageError(`unknown option -${letter}`);
  }
}
