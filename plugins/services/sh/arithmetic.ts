/** `$((…))`: C's integer operators on 64-bit numbers (exact within 2^53), variables by name, assignment. */
export interface Variables {
  get(name: string): string | undefined;
  set(name: string, value: string): void;
}

export class ArithmeticError extends Error {}

const TOKEN =
  /\s*(0[xX][\da-fA-F]+|\d+|[A-Za-z_]\w*|<<=|>>=|&&|\|\||<<|>>|[<>=!+\-*/%&|^]=|[-+*/%<>!~&|^?:(),=])/y;

const LEVELS: readonly (readonly string[])[] = [
  ['||'],
  ['&&'],
  ['|'],
  ['^'],
  ['&'],
  ['==', '!='],
  ['<', '<=', '>', '>='],
  ['<<', '>>'],
  ['+', '-'],
  ['*', '/', '%'],
];

const divide = (a: number, b: number, act: (a: number, b: number) => number): number => {
  if (b === 0) throw new ArithmeticError('division by zero');
  return act(a, b);
};

const bits = (act: (a: bigint, b: bigint) => bigint) => (a: number, b: number) =>
  Number(BigInt.asIntN(64, act(BigInt(a), BigInt(b))));

const BINARY: Readonly<Record<string, (a: number, b: number) => number>> = {
  '||': (a, b) => Number(a !== 0 || b !== 0),
  '&&': (a, b) => Number(a !== 0 && b !== 0),
  '|': bits((a, b) => a | b),
  '^': bits((a, b) => a ^ b),
  '&': bits((a, b) => a & b),
  '==': (a, b) => Number(a === b),
  '!=': (a, b) => Number(a !== b),
  '<': (a, b) => Number(a < b),
  '<=': (a, b) => Number(a <= b),
  '>': (a, b) => Number(a > b),
  '>=': (a, b) => Number(a >= b),
  '<<': bits((a, b) => a << (b & 63n)),
  '>>': bits((a, b) => a >> (b & 63n)),
  '+': (a, b) => a + b,
  '-': (a, b) => a - b,
  '*': (a, b) => a * b,
  '/': (a, b) => divide(a, b, (x, y) => Math.trunc(x / y)),
  '%': (a, b) => divide(a, b, (x, y) => x % y),
};

export function evaluate(text: string, variables: Variables): number {
  const tokens = tokenize(text);
  if (tokens.length === 0) return 0;
  const evaluator = new Evaluator(tokens, variables);
  const value = evaluator.comma();
  evaluator.expectEnd(text);
  return value;
}

function tokenize(text: string): string[] {
  const tokens: string[] = [];
  for (TOKEN.lastIndex = 0; ;) {
    const from = TOKEN.lastIndex;
    const match = TOKEN.exec(text);
    if (!match) {
      if (text.slice(from).trim() === '') return tokens;
      throw new ArithmeticError(`arithmetic syntax error: ${text.trim()}`);
    }
    tokens.push(match[1] ?? '');
  }
}

class Evaluator {
  #at = 0;

  constructor(
    private readonly tokens: readonly string[],
    private readonly variables: Variables,
  ) {}

  expectEnd(text: string): void {
    if (this.#at < this.tokens.length) throw new ArithmeticError(`arithmetic syntax error: ${text.trim()}`);
  }

  comma(): number {
    let value = this.#assignment();
    while (this.#take(',')) value = this.#assignment();
    return value;
  }

  #assignment(): number {
    const name = this.tokens[this.#at] ?? '';
    const operator = this.tokens[this.#at + 1] ?? '';
    const assigns = operator === '=' || (/=$/.test(operator) && !/^([=!<>]=)$/.test(operator));
    if (!/^[A-Za-z_]/.test(name) || !assigns) return this.#choice();
    this.#at += 2;
    const right = this.#assignment();
    const act = BINARY[operator.slice(0, -1)];
    const value = act ? act(this.#read(name), right) : right;
    this.variables.set(name, String(value));
    return value;
  }

  #choice(): number {
    const condition = this.#binary(0);
    if (!this.#take('?')) return condition;
    const yes = this.#assignment();
    this.#expect(':');
    const no = this.#assignment();
    return condition !== 0 ? yes : no;
  }

  #binary(level: number): number {
    const operators = LEVELS[level];
    if (!operators) return this.#unary();
    let left = this.#binary(level + 1);
    for (;;) {
      const operator = operators.find((candidate) => candidate === this.tokens[this.#at]);
      const act = operator === undefined ? undefined : BINARY[operator];
      if (!act) return left;
      this.#at++;
      left = act(left, this.#binary(level + 1));
    }
  }

  #unary(): number {
    if (this.#take('-')) return -this.#unary();
    if (this.#take('+')) return this.#unary();
    if (this.#take('!')) return Number(this.#unary() === 0);
    if (this.#take('~')) return ~this.#unary();
    if (this.#take('(')) {
      const value = this.comma();
      this.#expect(')');
      return value;
    }
    return this.#primary();
  }

  #primary(): number {
    const token = this.tokens[this.#at++];
    if (token === undefined) throw new ArithmeticError('arithmetic syntax error: operand expected');
    if (/^\d/.test(token)) return numberOf(token);
    if (/^[A-Za-z_]/.test(token)) return this.#read(token);
    throw new ArithmeticError(`arithmetic syntax error: unexpected ${token}`);
  }

  #read(name: string): number {
    const text = (this.variables.get(name) ?? '').trim();
    if (text === '') return 0;
    if (/^[-+]?(0[xX][\da-fA-F]+|\d+)$/.test(text)) return numberOf(text);
    throw new ArithmeticError(`${name}: not a number: ${text}`);
  }

  #take(token: string): boolean {
    if (this.tokens[this.#at] !== token) return false;
    this.#at++;
    return true;
  }

  #expect(token: string): void {
    if (!this.#take(token)) throw new ArithmeticError(`arithmetic syntax error: ${token} expected`);
  }
}

function numberOf(text: string): number {
  const sign = text.startsWith('-') ? -1 : 1;
  const digits = text.replace(/^[-+]/, '');
  const octal = /^0[0-7]+$/.test(digits);
  return sign * (octal ? parseInt(digits, 8) : Number(digits));
}
