import { Mode } from '../../../core/abi/flags.js';
import type { Applet, Call } from './applet.js';
import type { Stat } from '../../../core/abi/structs.js';

class TestError extends Error {}

type StatTest = (stat: Stat) => boolean;
const isType = (type: number) => (stat: Stat) => (stat.mode & Mode.TYPE) === type;

const FILE_TESTS: Readonly<Record<string, StatTest>> = {
  '-e': () => true,
  '-f': isType(Mode.FILE),
  '-d': isType(Mode.DIR),
  '-c': isType(Mode.CHR),
  '-p': isType(Mode.FIFO),
  '-S': isType(Mode.SOCK),
  '-s': ({ size }) => size > 0,
  '-r': ({ mode }) => (mode & 0o444) !== 0,
  '-w': ({ mode }) => (mode & 0o222) !== 0,
  '-x': ({ mode }) => (mode & 0o111) !== 0,
  '-u': ({ mode }) => (mode & 0o4000) !== 0,
  '-g': ({ mode }) => (mode & 0o2000) !== 0,
  '-b': () => false,
};

const number = (text: string): number => {
  if (!/^\s*[-+]?\d+\s*$/.test(text)) throw new TestError(`${text}: integer expected`);
  return Number(text);
};
const compare = (act: (a: number, b: number) => boolean) => (_call: Call, a: string, b: string) =>
  act(number(a), number(b));
const modified = (call: Call, path: string): number => call.os.files.probe(path)?.mtime ?? -1;

const BINARY: Readonly<Record<string, (call: Call, a: string, b: string) => boolean>> = {
  '=': (_call, a, b) => a === b,
  '==': (_call, a, b) => a === b,
  '!=': (_call, a, b) => a !== b,
  '<': (_call, a, b) => a < b,
  '>': (_call, a, b) => a > b,
  '-eq': compare((a, b) => a === b),
  '-ne': compare((a, b) => a !== b),
  '-lt': compare((a, b) => a < b),
  '-le': compare((a, b) => a <= b),
  '-gt': compare((a, b) => a > b),
  '-ge': compare((a, b) => a >= b),
  '-nt': (call, a, b) => modified(call, a) > modified(call, b),
  '-ot': (call, a, b) => modified(call, a) < modified(call, b),
  '-ef': ({ os }, a, b) => {
    const [x, y] = [os.files.probe(a), os.files.probe(b)];
    return x !== undefined && y !== undefined && x.ino === y.ino && x.dev === y.dev;
  },
};

const UNARY: Readonly<Record<string, (call: Call, operand: string) => boolean>> = {
  '-n': (_call, text) => text !== '',
  '-z': (_call, text) => text === '',
  '-t': ({ os }, fd) => os.files.isTerminal(number(fd)),
  '-h': ({ os }, path) => isLink(os.files.probe(path, false)),
  '-L': ({ os }, path) => isLink(os.files.probe(path, false)),
  ...Object.fromEntries(
    Object.entries(FILE_TESTS).map(([name, holds]) => [
      name,
      ({ os }: Call, path: string) => {
        const stat = os.files.probe(path);
        return stat !== undefined && holds(stat);
      },
    ]),
  ),
};

const isLink = (stat: Stat | undefined): boolean =>
  stat !== undefined && (stat.mode & Mode.TYPE) === Mode.SYMLINK;

/** `test EXPRESSION` and `[ EXPRESSION ]`: 0 true, 1 false, 2 wrong. */
export const test: Applet = {
  usage: 'EXPRESSION',
  about: 'Tests files, strings and numbers; combines with !, -a, -o and parentheses.',
  raw: true,
  run(call) {
    const args = [...call.args];
    try {
      if (call.name === '[' && args.pop() !== ']') throw new TestError("missing ']'");
      if (args.length === 0) return 1;
      const parser = new Expression(call, args);
      const holds = parser.or();
      parser.expectEnd();
      return holds ? 0 : 1;
    } catch (error) {
      if (!(error instanceof TestError)) throw error;
      call.complain(error.message);
      return 2;
    }
  },
};

class Expression {
  #at = 0;

  constructor(
    private readonly call: Call,
    private readonly args: readonly string[],
  ) {}

  expectEnd(): void {
    if (this.#at < this.args.length) throw new TestError(`unexpected argument ${this.args[this.#at] ?? ''}`);
  }

  or(): boolean {
    let holds = this.#and();
    while (this.#take('-o')) {
      const right = this.#and();
      holds = holds || right;
    }
    return holds;
  }

  #and(): boolean {
    let holds = this.#not();
    while (this.#take('-a')) {
      const right = this.#not();
      holds = holds && right;
    }
    return holds;
  }

  #not(): boolean {
    if (this.args[this.#at] === '!' && this.#at + 1 < this.args.length && !this.#isBinary()) {
      this.#at++;
      return !this.#not();
    }
    return this.#primary();
  }

  #isBinary(): boolean {
    return (this.args[this.#at + 1] ?? '') in BINARY && this.#at + 2 < this.args.length;
  }

  #primary(): boolean {
    const first = this.args[this.#at];
    if (first === undefined) throw new TestError('argument expected');
    if (this.#isBinary()) return this.#binary(first);
    if (first === '(' && this.args.length > this.#at + 1) return this.#group();
    const unary = UNARY[first];
    const operand = this.args[this.#at + 1];
    if (unary && operand !== undefined) {
      this.#at += 2;
      return unary(this.call, operand);
    }
    this.#at++;
    return first !== '';
  }

  #binary(left: string): boolean {
    const act = BINARY[this.args[this.#at + 1] ?? ''];
    const right = this.args[this.#at + 2] ?? '';
    this.#at += 3;
    return act?.(this.call, left, right) ?? false;
  }

  #group(): boolean {
    this.#at++;
    const holds = this.or();
    if (!this.#take(')')) throw new TestError("missing ')'");
    return holds;
  }

  #take(word: string): boolean {
    if (this.args[this.#at] !== word) return false;
    this.#at++;
    return true;
  }
}
