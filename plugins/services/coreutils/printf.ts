import { unescape } from './escapes.js';
import type { Applet, Call } from './applet.js';

const DIRECTIVE = /%%|%([-+ 0#]*)(\*|\d+)?(?:\.(\*|\d+))?([diouxXcsbqeEfgG])/g;

export const printf: Applet = {
  usage: 'FORMAT [ARGUMENT]...',
  about: 'Prints arguments as FORMAT says; the format is used again while arguments are left.',
  raw: true,
  run(call) {
    const [format, ...args] = call.args[0] === '--' ? call.args.slice(1) : call.args;
    if (format === undefined) {
      call.complain('missing format');
      return 2;
    }
    const printer = new Printer(call, args);
    do {
      const before = args.length;
      call.out.write(printer.once(format));
      if (printer.stopped || args.length === before) break;
    } while (args.length > 0);
    return printer.status;
  },
};

class Printer {
  stopped = false;
  status = 0;

  constructor(
    private readonly call: Call,
    private readonly args: string[],
  ) {}

  once(format: string): string {
    let out = '';
    let at = 0;
    for (const match of format.matchAll(DIRECTIVE)) {
      out += this.#plain(format.slice(at, match.index));
      if (this.stopped) return out;
      at = match.index + match[0].length;
      out += match[0] === '%%' ? '%' : this.#directive(match);
      if (this.stopped) return out;
    }
    return out + this.#plain(format.slice(at));
  }

  #plain(text: string): string {
    const { text: shown, stopped } = unescape(text);
    this.stopped ||= stopped;
    return shown;
  }

  #directive([, flags = '', width, precision, kind = 's']: RegExpMatchArray): string {
    const wide = this.#measure(width) ?? 0;
    const precise = this.#measure(precision);
    const body = (CONVERSIONS[kind] ?? CONVERSIONS.s)?.call(this, flags, precise, kind) ?? '';
    const left = flags.includes('-') || wide < 0;
    const size = Math.abs(wide);
    if (left) return body.padEnd(size);
    const zeroes =
      flags.includes('0') && ('eEfgG'.includes(kind) || (precise === undefined && 'diouxX'.includes(kind)));
    if (!zeroes || body.length >= size) return body.padStart(size);
    const sign = /^[-+ ]|^/.exec(body)?.[0] ?? '';
    return sign + body.slice(sign.length).padStart(size - sign.length, '0');
  }

  #measure(text: string | undefined): number | undefined {
    if (text === undefined) return undefined;
    return text === '*' ? this.number() : Number(text);
  }

  next(): string {
    return this.args.shift() ?? '';
  }

  number(): number {
    const text = this.next().trim();
    if (/^['"]/.test(text)) return text.codePointAt(1) ?? 0;
    const value = /^[-+]?0[0-7]+$/.test(text) ? parseInt(text, 8) : Number(text === '' ? 0 : signless(text));
    if (!Number.isNaN(value)) return value;
    this.call.complain(`'${text}': not a number`);
    this.status = 1;
    return parseFloat(text) || 0;
  }

  escaped(): string {
    return this.#plain(this.next());
  }
}

const signless = (text: string): string => (/^-0x/i.test(text) ? String(-Number(text.slice(1))) : text);

type Conversion = (this: Printer, flags: string, precision: number | undefined, kind: string) => string;

const integer: Conversion = function (flags, precision) {
  const value = Math.trunc(this.number());
  const digits = String(Math.abs(value)).padStart(precision ?? 0, '0');
  const sign = value < 0 ? '-' : flags.includes('+') ? '+' : flags.includes(' ') ? ' ' : '';
  return sign + digits;
};

const RADIX: Readonly<Record<string, number>> = { o: 8, u: 10, x: 16, X: 16 };
const PREFIX: Readonly<Record<string, string>> = { o: '0', x: '0x', X: '0X' };

const unsigned: Conversion = function (flags, precision, kind) {
  const value = BigInt.asUintN(64, BigInt(Math.trunc(this.number())));
  const digits = value.toString(RADIX[kind] ?? 10).padStart(precision ?? 0, '0');
  const prefix = flags.includes('#') && value !== 0n ? (PREFIX[kind] ?? '') : '';
  return prefix + (kind === 'X' ? digits.toUpperCase() : digits);
};

const float: Conversion = function (flags, precision = 6, kind) {
  const value = this.number();
  const lower = kind.toLowerCase();
  const shown =
    lower === 'f'
      ? value.toFixed(precision)
      : lower === 'e'
        ? value.toExponential(precision).replace(/e([-+])(\d)$/, 'e$10$2')
        : String(Number(value.toPrecision(precision || 1)));
  const signed = flags.includes('+') && value >= 0 ? `+${shown}` : shown;
  return kind === lower ? signed : signed.toUpperCase();
};

const CONVERSIONS: Readonly<Record<string, Conversion>> = {
  d: integer,
  i: integer,
  o: unsigned,
  u: unsigned,
  x: unsigned,
  X: unsigned,
  e: float,
  E: float,
  f: float,
  g: float,
  G: float,
  c() {
    return this.next().slice(0, 1);
  },
  s(_flags, precision) {
    const text = this.next();
    return precision === undefined ? text : text.slice(0, precision);
  },
  b() {
    return this.escaped();
  },
  q() {
    return `'${this.next().replaceAll("'", "'\\''")}'`;
  },
};
