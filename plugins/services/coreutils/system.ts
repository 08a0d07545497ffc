import { decodeWaitStatus } from '../../../core/abi/process-manager.js';
import type { StatVfs } from '../../../core/abi/structs.js';
import { baseName, directoryName } from '../runtime/paths.js';
import { messageOf } from '../runtime/posix-error.js';
import { findCommand } from '../runtime/process/executable.js';
import { encodeUtf8 } from '../runtime/utf8.js';
import { Open } from '../../../core/abi/flags.js';
import { Accounts } from './accounts.js';
import { formatDate, humanSize, table } from './format.js';
import { allLines } from './inputs.js';
import { UsageError } from './options.js';
import type { Applet, Call } from './applet.js';

export const uname: Applet = {
  usage: '[-asnrvmo]',
  about: 'Prints the system: -s name, -n host, -r release, -v version, -m machine, -o operating system.',
  options: { flags: 'asnrvmopi', long: { all: 'a' } },
  run(call, options) {
    const [system = '', release = '', machine = '', build = ''] = call.os.files
      .readText('/scheme/sys/uname')
      .split('\n');
    const parts: [string, string][] = [
      ['s', system],
      ['n', hostName(call)],
      ['r', release],
      ['v', build],
      ['m', machine],
      ['o', system],
    ];
    const any = parts.some(([letter]) => options.has(letter));
    const shown = parts.filter(([letter]) =>
      options.has('a') ? true : any ? options.has(letter) : letter === 's',
    );
    call.out.line(shown.map(([, text]) => text).join(' '));
    return 0;
  },
};

function hostName({ os }: Call): string {
  const path = '/etc/hostname';
  return os.files.probe(path) ? os.files.readText(path).trim() : 'halfcell';
}

export const hostname: Applet = {
  usage: '',
  about: 'Prints the name of this machine.',
  run(call) {
    call.out.line(hostName(call));
    return 0;
  },
};

/** Runs a program with the descriptors of this one; its status, or 126 and 127 as shells have them. */
export function runProgram(
  call: Call,
  argv: readonly string[],
  env: Readonly<Record<string, string>>,
): number {
  const [name = ''] = argv;
  const path = findCommand(call.os.files, name, env['PATH'] ?? '/usr/bin');
  if (path === undefined || !call.os.files.probe(path)) {
    call.complain(`${name}: No such file or directory`);
    return 127;
  }
  (call.out as { flush?: () => void }).flush?.();
  try {
    const pid = call.os.spawn(path, { argv, env });
    const outcome = decodeWaitStatus(call.os.processes.wait(pid)?.status ?? 0);
    return outcome.kind === 'exited' ? outcome.code : outcome.kind === 'killed' ? 128 + outcome.signal : 0;
  } catch (error) {
    if (!(error instanceof Error)) throw error;
    call.complain(`${name}: ${messageOf(error)}`);
    return 126;
  }
}

export const env: Applet = {
  usage: '[-i] [-u NAME]... [NAME=VALUE]... [COMMAND [ARG]...]',
  about: 'Prints the environment, or runs COMMAND with a changed one.',
  raw: true,
  run(call) {
    const args = [...call.args];
    let own: Record<string, string> = { ...call.env };
    while (/^-/.test(args[0] ?? '')) {
      const option = args.shift() ?? '';
      if (option === '--') break;
      if (option === '-i' || option === '-') own = {};
      else if (option === '-u') delete own[args.shift() ?? ''];
      else throw new UsageError(`unknown option ${option}`);
    }
    for (
      let pair = /^([^=]+)=(.*)$/s.exec(args[0] ?? '');
      pair;
      pair = /^([^=]+)=(.*)$/s.exec(args[0] ?? '')
    ) {
      own[pair[1] ?? ''] = pair[2] ?? '';
      args.shift();
    }
    if (args.length > 0) return runProgram(call, args, own);
    for (const [name, value] of Object.entries(own)) call.out.line(`${name}=${value}`);
    return 0;
  },
};

const UNIT_SECONDS: Readonly<Record<string, number>> = { s: 1, m: 60, h: 3600, d: 86_400 };

export const sleep: Applet = {
  usage: 'NUMBER[smhd]...',
  about: 'Waits: seconds, minutes, hours or days, added up.',
  run(call, { operands }) {
    if (operands.length === 0) throw new UsageError('missing operand');
    const seconds = operands.map((text) => {
      const match = /^(\d*\.?\d+)([smhd]?)$/.exec(text);
      if (!match) throw new UsageError(`invalid time: '${text}'`);
      return Number(match[1]) * (UNIT_SECONDS[match[2] || 's'] ?? 1);
    });
    call.os.clock.sleep(1000 * seconds.reduce((sum, each) => sum + each, 0));
    return 0;
  },
};

export const date: Applet = {
  usage: '[-u] [-d DATE] [+FORMAT]',
  about: 'Prints the time, in UTC, as FORMAT says (strftime).',
  options: { flags: 'uI', values: 'd', long: { utc: 'u', date: 'd' } },
  run(call, options) {
    const [format = '+%a %b %e %H:%M:%S %Z %Y'] = options.operands;
    if (!format.startsWith('+')) throw new UsageError(`invalid format: '${format}'`);
    const text = options.value('d');
    const given = text?.startsWith('@') ? Number(text.slice(1)) * 1000 : text && Date.parse(text);
    if (typeof given === 'number' && Number.isNaN(given)) throw new UsageError(`invalid date: '${text}'`);
    const ms = typeof given === 'number' ? given : call.os.clock.now();
    call.out.line(formatDate(options.has('I') ? '%F' : format.slice(1), ms));
    return 0;
  },
};

/** Columns of `/scheme/proc/ps`: PID PGID PPID SID RUID RGID EUID EGID NTHRD STATUS NAME. */
export const ps: Applet = {
  usage: '[-efla]',
  about: 'Prints the processes; -f: with parents, groups and users.',
  options: { flags: 'eflaAux' },
  run(call, options) {
    const rows = call.os.files
      .readText('/scheme/proc/ps')
      .trimEnd()
      .split('\n')
      .map((line) => line.trim().split(/\s+/));
    const accounts = new Accounts(call.os.files);
    const long = options.has('f') || options.has('l') || options.has('u');
    const cells = rows.map((row, i) => {
      const [pid = '', pgid = '', ppid = '', , , , euid = '', , , status = '', ...name] = row;
      const user = i === 0 ? 'USER' : accounts.user(Number(euid));
      const command = i === 0 ? 'COMMAND' : name.join(' ');
      return long ? [user, pid, ppid, pgid, status.slice(0, 6), command] : [pid, status, command];
    });
    for (const line of table(cells, long ? new Set([1, 2, 3]) : new Set([0]))) call.out.line(line);
    return 0;
  },
};

export const id: Applet = {
  usage: '[-ugnr]',
  about: 'Prints user and group; -u, -g: only that; -n: its name.',
  options: { flags: 'ugnrG', long: { user: 'u', group: 'g', name: 'n' } },
  run(call, options) {
    const { euid, egid } = call.os.processes.meta();
    const accounts = new Accounts(call.os.files);
    const named = options.has('n');
    const user = named ? accounts.user(euid) : String(euid);
    const group = named ? accounts.group(egid) : String(egid);
    if (options.has('u')) call.out.line(user);
    else if (options.has('g') || options.has('G')) call.out.line(group);
    else call.out.line(`uid=${euid}(${accounts.user(euid)}) gid=${egid}(${accounts.group(egid)})`);
    return 0;
  },
};

export const whoami: Applet = {
  usage: '',
  about: 'Prints the name of the effective user.',
  run(call) {
    call.out.line(new Accounts(call.os.files).user(call.os.processes.meta().euid));
    return 0;
  },
};

/** The last word for the kernel: it stops the machine. */
const stop =
  (word: string): Applet['run'] =>
  (call, options) => {
    const text = options.has('r') ? 'reset' : word;
    call.os.files.with('/scheme/sys/kstop', Open.WRONLY, (fd) => call.os.files.write(fd, encodeUtf8(text)));
    return 0;
  };

export const shutdown: Applet = {
  usage: '[-r] [now]',
  about: 'Stops the machine; -r: starts it again.',
  options: { flags: 'rhP', long: { reboot: 'r' } },
  run: stop('shutdown'),
};

export const reboot: Applet = { usage: '', about: 'Starts the machine again.', run: stop('reset') };

export const clear: Applet = {
  usage: '',
  about: 'Clears the screen.',
  run({ out }) {
    out.write('\x1b[H\x1b[2J');
    return 0;
  },
};

export const reset: Applet = {
  usage: '',
  about: 'Puts the terminal into its first state.',
  run({ out }) {
    out.write('\x1bc');
    return 0;
  },
};

export const uptime: Applet = {
  usage: '',
  about: 'Prints how long the machine has been up.',
  run(call) {
    const seconds = Math.floor(call.os.clock.monotonic() / 1000);
    const parts = [
      [Math.floor(seconds / 86_400), 'd'],
      [Math.floor(seconds / 3600) % 24, 'h'],
      [Math.floor(seconds / 60) % 60, 'm'],
      [seconds % 60, 's'],
    ] as const;
    const shown = parts.filter(([value], i) => value > 0 || i === 3);
    call.out.line(shown.map(([value, unit]) => `${value}${unit}`).join(' '));
    return 0;
  },
};

export const free: Applet = {
  usage: '[-h]',
  about: 'Prints how much memory is there, used and free. In KiB, or -h.',
  options: { flags: 'hkm' },
  run(call, options) {
    const { bsize, blocks, bfree }: StatVfs = call.os.files.statvfs('/scheme/memory');
    const show = (count: number) =>
      options.has('h') ? humanSize(count * bsize) : String(Math.round((count * bsize) / 1024));
    const rows = [
      ['', 'total', 'used', 'free'],
      ['Mem:', show(blocks), show(blocks - bfree), show(bfree)],
    ];
    for (const line of table(rows, new Set([1, 2, 3]))) call.out.line(line);
    return 0;
  },
};

export const basename: Applet = {
  usage: 'PATH [SUFFIX]',
  about: 'Prints the last name of a path, without SUFFIX.',
  run(call, { operands: [path, suffix = ''] }) {
    if (path === undefined) throw new UsageError('missing operand');
    const name = baseName(path);
    const cuts = suffix !== '' && name.endsWith(suffix) && name !== suffix;
    call.out.line(cuts ? name.slice(0, -suffix.length) : name);
    return 0;
  },
};

export const dirname: Applet = {
  usage: 'PATH...',
  about: 'Prints paths without their last name.',
  run(call, { operands }) {
    if (operands.length === 0) throw new UsageError('missing operand');
    for (const path of operands) call.out.line(directoryName(path));
    return 0;
  },
};

export const pwd: Applet = {
  usage: '',
  about: 'Prints the working directory.',
  run(call) {
    call.out.line(call.os.files.cwd);
    return 0;
  },
};

export const which: Applet = {
  usage: 'COMMAND...',
  about: 'Prints where PATH finds commands.',
  run(call, { operands }) {
    let status = 0;
    for (const name of operands) {
      const path = findCommand(call.os.files, name, call.env['PATH'] ?? '/usr/bin');
      if (path !== undefined && call.os.files.probe(path)) call.out.line(path);
      else status = 1;
    }
    return status;
  },
};

export const time: Applet = {
  usage: 'COMMAND [ARG]...',
  about: 'Runs COMMAND and prints how long it took.',
  raw: true,
  run(call) {
    const started = call.os.clock.monotonic();
    const status = runProgram(call, call.args, call.env);
    const seconds = (call.os.clock.monotonic() - started) / 1000;
    call.out.line(`${Math.floor(seconds / 60)}m${(seconds % 60).toFixed(3)}s`);
    return status;
  },
};

export const xargs: Applet = {
  usage: '[-n COUNT] [-r] [COMMAND [ARG]...]',
  about: 'Runs COMMAND with the words of standard input behind its arguments.',
  raw: true,
  run(call) {
    const args = [...call.args];
    let count = 500;
    let silent = false;
    while (/^-/.test(args[0] ?? '')) {
      const option = args.shift() ?? '';
      if (option === '-r') silent = true;
      else if (option.startsWith('-n')) count = Number(option.slice(2) || args.shift());
      else throw new UsageError(`unknown option ${option}`);
    }
    if (!(count >= 1)) throw new UsageError('invalid count');
    const words = allLines(call, []).lines.flatMap((line) => line.split(/\s+/).filter(Boolean));
    const command = args.length > 0 ? args : ['echo'];
    if (words.length === 0) return silent ? 0 : runProgram(call, command, call.env);
    let status = 0;
    for (let at = 0; at < words.length; at += count)
      status = runProgram(call, [...command, ...words.slice(at, at + count)], call.env) === 0 ? status : 123;
    return status;
  },
};

export const nothing = (status: number, about: string): Applet => ({
  usage: '',
  about,
  raw: true,
  run: () => status,
});
