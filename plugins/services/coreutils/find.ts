import { Mode } from '../../../core/abi/flags.js';
import { baseName, joinPath } from '../runtime/paths.js';
import { matches } from '../sh/glob.js';
import { removeTree } from '../runtime/file-trees.js';
import { forEachOperand } from './applet.js';
import { UsageError } from './options.js';
import { runProgram } from './system.js';
import type { Stat } from '../../../core/abi/structs.js';
import type { Applet, Call } from './applet.js';

type Test = (path: string, stat: Stat) => boolean;

const TYPES: Readonly<Record<string, number>> = { f: Mode.FILE, d: Mode.DIR, l: Mode.SYMLINK, c: Mode.CHR };

interface Plan {
  readonly tests: Test[];
  maxDepth: number;
  minDepth: number;
  acts: boolean;
}

export const find: Applet = {
  usage:
    '[PATH]... [-name PATTERN] [-iname PATTERN] [-type fdlc] [-maxdepth N] [-size [+-]N[ck]] [-print0] [-delete] [-exec CMD {} ;]',
  about: 'Prints files below PATH that pass every test.',
  raw: true,
  run(call) {
    const first = call.args.findIndex((arg) => /^[-!(]/.test(arg));
    const paths = first < 0 ? call.args : call.args.slice(0, first);
    const plan = planOf(call, first < 0 ? [] : call.args.slice(first));
    return forEachOperand(call, paths.length > 0 ? paths : ['.'], (path) => walk(call, plan, path, 0));
  },
};

function walk(call: Call, plan: Plan, path: string, depth: number): void {
  const stat = call.os.files.lstat(path);
  const visit = () => {
    if (depth >= plan.minDepth && plan.tests.every((holds) => holds(path, stat)) && !plan.acts)
      call.out.line(path);
  };
  visit();
  if ((stat.mode & Mode.TYPE) !== Mode.DIR || depth >= plan.maxDepth || !call.os.files.probe(path, false))
    return;
  for (const { name } of call.os.files.readDirectory(path)) walk(call, plan, joinPath(path, name), depth + 1);
}

function planOf(call: Call, args: readonly string[]): Plan {
  const plan: Plan = { tests: [], maxDepth: Infinity, minDepth: 0, acts: false };
  const rest = [...args];
  while (rest.length > 0) plan.tests.push(primary(call, plan, rest));
  return plan;
}

function primary(call: Call, plan: Plan, rest: string[]): Test {
  const word = rest.shift() ?? '';
  if (word === '!' || word === '-not') {
    const inner = primary(call, plan, rest);
    return (path, stat) => !inner(path, stat);
  }
  const make = PRIMARIES[word];
  if (!make) throw new UsageError(`unknown test ${word}`);
  return make(call, plan, rest);
}

const value = (rest: string[]): string => {
  const text = rest.shift();
  if (text === undefined) throw new UsageError('missing value');
  return text;
};

const always: Test = () => true;

const PRIMARIES: Readonly<Record<string, (call: Call, plan: Plan, rest: string[]) => Test>> = {
  '-name': (_call, _plan, rest) => {
    const pattern = value(rest);
    return (path) => matches(baseName(path), pattern);
  },
  '-iname': (_call, _plan, rest) => {
    const pattern = value(rest).toLowerCase();
    return (path) => matches(baseName(path).toLowerCase(), pattern);
  },
  '-path': (_call, _plan, rest) => {
    const pattern = value(rest);
    return (path) => matches(path, pattern);
  },
  '-type': (_call, _plan, rest) => {
    const types = value(rest).split(',');
    return (_path, { mode }) => types.some((letter) => (mode & Mode.TYPE) === TYPES[letter]);
  },
  '-size': (_call, _plan, rest) => {
    const match = /^([-+]?)(\d+)([ckM]?)$/.exec(value(rest));
    if (!match) throw new UsageError('invalid size');
    const unit = { c: 1, k: 1024, M: 1024 ** 2 }[match[3] ?? ''] ?? 512;
    const count = Number(match[2]);
    return (_path, { size }) => {
      const units = Math.ceil(size / unit);
      return match[1] === '+' ? units > count : match[1] === '-' ? units < count : units === count;
    };
  },
  '-empty':
    ({ os }) =>
    (path, { mode, size }) =>
      (mode & Mode.TYPE) === Mode.DIR ? os.files.readDirectory(path).length === 0 : size === 0,
  '-maxdepth': (_call, plan, rest) => {
    plan.maxDepth = Number(value(rest));
    return always;
  },
  '-mindepth': (_call, plan, rest) => {
    plan.minDepth = Number(value(rest));
    return always;
  },
  '-print': (call, plan) => {
    plan.acts = true;
    return (path) => {
      call.out.line(path);
      return true;
    };
  },
  '-print0': (call, plan) => {
    plan.acts = true;
    return (path) => {
      call.out.write(`${path}\0`);
      return true;
    };
  },
  '-delete': (call, plan) => {
    plan.acts = true;
    return (path) => {
      removeTree(call.os.files, path);
      return true;
    };
  },
  '-exec': (call, plan, rest) => {
    plan.acts = true;
    const end = rest.indexOf(';');
    if (end < 0) throw new UsageError('-exec needs ;');
    const words = rest.splice(0, end + 1).slice(0, -1);
    return (path) =>
      runProgram(
        call,
        words.map((word) => word.replaceAll('{}', path)),
        call.env,
      ) === 0;
  },
};
