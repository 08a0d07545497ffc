import { Errno } from '../../../core/abi/errno.js';
import { Mode, Open } from '../../../core/abi/flags.js';
import { joinPath } from '../runtime/paths.js';
import { isErrno } from '../runtime/posix-error.js';
import { Accounts } from './accounts.js';
import { forEachOperand } from './applet.js';
import { formatDate, humanSize, modeText, table } from './format.js';
import { applyMode } from './mode.js';
import { UsageError } from './options.js';
import type { Applet, Call } from './applet.js';
import type { Stat } from '../../../core/abi/structs.js';

const isDirectory = ({ mode }: Stat): boolean => (mode & Mode.TYPE) === Mode.DIR;

/** A path and, with `recursive`, all below it. */
function visit(call: Call, path: string, recursive: boolean, act: (path: string, stat: Stat) => void): void {
  const stat = call.os.files.lstat(path);
  act(path, stat);
  if (!recursive || !isDirectory(stat)) return;
  for (const { name } of call.os.files.readDirectory(path)) visit(call, joinPath(path, name), true, act);
}

export const chmod: Applet = {
  usage: '[-R] MODE FILE...',
  about: 'Changes permissions: octal, or such as u+x,go-w.',
  raw: true,
  run(call) {
    const recursive = call.args[0] === '-R';
    const [mode, ...paths] = recursive ? call.args.slice(1) : call.args;
    if (mode === undefined || paths.length === 0) throw new UsageError('missing operand');
    return forEachOperand(call, paths, (path) =>
      visit(call, path, recursive, (each, stat) => {
        if ((stat.mode & Mode.TYPE) === Mode.SYMLINK && recursive) return;
        call.os.files.chmod(each, applyMode(mode, stat.mode & Mode.PERM, isDirectory(stat)));
      }),
    );
  },
};

export const chown: Applet = {
  usage: '[-R] [OWNER][:[GROUP]] FILE...',
  about: 'Changes owner and group.',
  options: { flags: 'Rh', long: { recursive: 'R' } },
  run(call, options) {
    const [owner, ...paths] = options.operands;
    if (owner === undefined || paths.length === 0) throw new UsageError('missing operand');
    const accounts = new Accounts(call.os.files);
    const [user = '', group = ''] = owner.split(/[:.]/);
    const uid = user === '' ? -1 : accounts.userId(user);
    const gid = group === '' ? -1 : accounts.groupId(group);
    if (uid === undefined || gid === undefined) throw new UsageError(`invalid owner: '${owner}'`);
    return forEachOperand(call, paths, (path) =>
      visit(call, path, options.has('R'), (each) => call.os.files.chown(each, uid, gid)),
    );
  },
};

export const touch: Applet = {
  usage: '[-acm] [-d SECONDS] FILE...',
  about: 'Sets times to now and makes files that are missing; -c: does not make them.',
  options: { flags: 'acm', values: 'drt', long: { 'no-create': 'c', date: 'd', reference: 'r' } },
  run(call, options) {
    const { files, clock } = call.os;
    const like = options.value('r');
    const now = like === undefined ? secondsOf(options.value('d'), clock.now()) : files.stat(like).mtime;
    return forEachOperand(call, options.operands, (path) => {
      const old = files.probe(path);
      if (!old && options.has('c')) return;
      if (!old) files.close(files.open(path, Open.WRONLY + Open.CREAT));
      const keepAccess = options.has('m') && !options.has('a');
      const keepModify = options.has('a') && !options.has('m');
      files.setTimes(path, keepAccess && old ? old.atime : now, keepModify && old ? old.mtime : now);
    });
  },
};

function secondsOf(text: string | undefined, nowMs: number): number {
  if (text === undefined) return Math.floor(nowMs / 1000);
  const ms = text.startsWith('@') ? Number(text.slice(1)) * 1000 : Date.parse(text);
  if (Number.isNaN(ms)) throw new UsageError(`invalid date: '${text}'`);
  return Math.floor(ms / 1000);
}

export const ln: Applet = {
  usage: '[-sfnv] TARGET [NAME]',
  about: 'Makes a further name for a file; -s: a symbolic link.',
  options: { flags: 'sfnvT', long: { symbolic: 's', force: 'f', verbose: 'v' } },
  run(call, options) {
    const { files } = call.os;
    const [target, name = target?.replace(/^.*\//, '')] = options.operands;
    if (target === undefined || name === undefined) throw new UsageError('missing operand');
    const into = files.isDirectory(name) && !options.has('n') && !options.has('T');
    const path = into ? joinPath(name, target.replace(/^.*\//, '')) : name;
    if (options.has('f') && files.probe(path, false)) files.unlink(path);
    if (options.has('s')) files.symlink(target, path);
    else files.link(target, path);
    if (options.has('v')) call.out.line(`'${path}' -> '${target}'`);
    return 0;
  },
};

export const readlink: Applet = {
  usage: '[-fen] FILE...',
  about: 'Prints where a link leads; -f: the path behind all links.',
  options: { flags: 'fenm', long: { canonicalize: 'f', 'no-newline': 'n' } },
  run(call, options) {
    const { files } = call.os;
    const end = options.has('n') ? '' : '\n';
    let status = 0;
    for (const path of options.operands) {
      try {
        const whole = options.has('f') || options.has('e') || options.has('m');
        call.out.write((whole ? files.realPath(path) : files.readLink(path)) + end);
      } catch (error) {
        if (!(error instanceof Error) || !error.name.startsWith('E')) throw error;
        status = 1;
      }
    }
    return status;
  },
};

export const realpath: Applet = {
  usage: 'FILE...',
  about: 'Prints the absolute path behind all links.',
  run: (call, { operands }) =>
    forEachOperand(call, operands, (path) => call.out.line(call.os.files.realPath(path))),
};

const TYPE_NAMES: Readonly<Record<number, string>> = {
  [Mode.DIR]: 'directory',
  [Mode.FILE]: 'regular file',
  [Mode.SYMLINK]: 'symbolic link',
  [Mode.CHR]: 'character special file',
  [Mode.FIFO]: 'fifo',
  [Mode.SOCK]: 'socket',
};

export const stat: Applet = {
  usage: '[-L] [-c FORMAT] FILE...',
  about:
    'Prints what is known of a file. FORMAT: %n name, %s size, %a %A mode, %u %g ids, %U %G names, %F type.',
  options: { flags: 'Lt', values: 'c', long: { format: 'c', dereference: 'L' } },
  run(call, options) {
    const format = options.value('c');
    const accounts = new Accounts(call.os.files);
    return forEachOperand(call, options.operands, (path) => {
      const found = options.has('L') ? call.os.files.stat(path) : call.os.files.lstat(path);
      const values = valuesOf(path, found, accounts);
      const fill = (text: string) =>
        text.replace(/%([a-zA-Z%])/g, (whole, letter: string) => values[letter] ?? whole);
      call.out.line(fill(format ?? DEFAULT_STAT));
    });
  },
};

const DEFAULT_STAT = `  File: %n
  Size: %s\tBlocks: %b\tIO Block: %o\t%F
Device: %d\tInode: %i\tLinks: %h
Access: (%a/%A)  Uid: (%u/%U)   Gid: (%g/%G)
Access: %x
Modify: %y
Change: %z`;

function valuesOf(name: string, found: Stat, accounts: Accounts): Readonly<Record<string, string>> {
  const time = (sec: number) => formatDate('%F %T', sec * 1000);
  return {
    n: name,
    N: `'${name}'`,
    s: String(found.size),
    b: String(found.blocks),
    B: '512',
    o: String(found.blksize),
    d: String(found.dev),
    i: String(found.ino),
    h: String(found.nlink),
    a: (found.mode & Mode.PERM).toString(8).padStart(4, '0'),
    A: modeText(found.mode),
    f: found.mode.toString(16),
    u: String(found.uid),
    U: accounts.user(found.uid),
    g: String(found.gid),
    G: accounts.group(found.gid),
    F: TYPE_NAMES[found.mode & Mode.TYPE] ?? 'unknown',
    x: time(found.atime),
    y: time(found.mtime),
    z: time(found.ctime),
    X: String(found.atime),
    Y: String(found.mtime),
    Z: String(found.ctime),
    '%': '%',
  };
}

export const df: Applet = {
  usage: '[-h] [FILE]...',
  about: 'Prints size and free room of file systems; without FILE of every scheme that knows it.',
  options: { flags: 'hk', long: { 'human-readable': 'h' } },
  run(call, options) {
    const { files } = call.os;
    const given = options.operands;
    const places =
      given.length > 0 ? given : files.readDirectory('/scheme').map(({ name }) => `/scheme/${name}`);
    const rows: string[][] = [['Path', 'Size', 'Used', 'Free', 'Use%']];
    const status = forEachOperand(call, places, (path) => {
      try {
        rows.push(dfRow(call, path, options.has('h')));
      } catch (error) {
        const silent = given.length === 0 && isErrno(error, ...QUIET);
        if (!silent) throw error;
      }
    });
    for (const line of table(rows, new Set([1, 2, 3, 4]))) call.out.line(line);
    return status;
  },
};

const QUIET = Object.values(Errno);

function dfRow({ os }: Call, path: string, human: boolean): string[] {
  const { bsize, blocks, bfree } = os.files.statvfs(path);
  const size = (count: number) =>
    human ? humanSize(count * bsize) : String(Math.round((count * bsize) / 1024));
  const used = blocks - bfree;
  const percent = blocks > 0 ? Math.ceil((100 * used) / blocks) : 0;
  return [path, size(blocks), size(used), size(bfree), `${percent}%`];
}

export const du: Applet = {
  usage: '[-hsa] [FILE]...',
  about: 'Adds up the sizes of files below; -s: one line an operand; -a: files too. In KiB, or -h.',
  options: { flags: 'hsak', long: { 'human-readable': 'h', summarize: 's', all: 'a' } },
  run(call, options) {
    const places = options.operands.length > 0 ? options.operands : ['.'];
    const show = (bytes: number, path: string) =>
      call.out.line(`${options.has('h') ? humanSize(bytes) : Math.ceil(bytes / 1024)}\t${path}`);
    const measure = (path: string, top: boolean): number => {
      const found = call.os.files.lstat(path);
      if (!isDirectory(found)) {
        if (options.has('a') || top) show(found.size, path);
        return found.size;
      }
      const below = call.os.files.readDirectory(path).map(({ name }) => measure(joinPath(path, name), false));
      const bytes = below.reduce((sum, each) => sum + each, 0);
      if (top || !options.has('s')) show(bytes, path);
      return bytes;
    };
    return forEachOperand(call, places, (path) => void measure(path, true));
  },
};
