import { CHUNK_BYTES } from '../runtime/calls.js';
import { LineReader } from '../runtime/streams.js';
import { forEachInput } from './inputs.js';
import { UsageError } from './options.js';
import type { Applet, Call, Output } from './applet.js';
import type { Options } from './options.js';

const POLL_MS = 200;
const DEFAULT_LINES = 10;
const LONG = { lines: 'n', bytes: 'c', quiet: 'q', verbose: 'v', follow: 'f' };

/** `==> name <==` in front of each of several files. */
function titled(call: Call, options: Options, act: (fd: number, name: string) => void): number {
  const titles = (options.operands.length > 1 || options.has('v')) && !options.has('q');
  let first = true;
  return forEachInput(call, options.operands, (fd, name) => {
    if (titles) call.out.line(`${first ? '' : '\n'}==> ${name === '-' ? 'standard input' : name} <==`);
    first = false;
    act(fd, name);
  });
}

/** A count with a suffix such as 2K. */
function amount(text: string): { sign: string; count: number } {
  const match = /^([-+]?)(\d+)([kKMG]?)$/.exec(text);
  if (!match) throw new UsageError(`invalid number: '${text}'`);
  const unit = { k: 1024, K: 1024, M: 1024 ** 2, G: 1024 ** 3 }[match[3] ?? ''] ?? 1;
  return { sign: match[1] ?? '', count: Number(match[2]) * unit };
}

export const head: Applet = {
  usage: '[-n LINES] [-c BYTES] [-qv] [FILE]...',
  about: 'Prints the beginning of files; -n -K: all but the last K lines.',
  options: { flags: 'qv', values: 'nc', long: LONG, number: 'n' },
  run(call, options) {
    const bytes = options.value('c');
    const lines = amount(options.value('n') ?? String(DEFAULT_LINES));
    return titled(call, options, (fd) => {
      if (bytes !== undefined) headBytes(call, fd, amount(bytes));
      else if (lines.sign === '-') allButLast(call, fd, lines.count);
      else headLines(call, fd, lines.count);
    });
  },
};

function headLines(call: Call, fd: number, count: number): void {
  const reader = new LineReader(call.os.files, fd);
  for (let i = 0; i < count; i++) {
    const line = reader.next();
    if (!line) return;
    put(call.out, line, reader.terminated);
  }
}

function put(out: Output, line: Uint8Array, terminated: boolean): void {
  out.write(line);
  if (terminated) out.write('\n');
}

function allButLast(call: Call, fd: number, count: number): void {
  const reader = new LineReader(call.os.files, fd);
  const kept: Uint8Array[] = [];
  for (let line = reader.next(); line; line = reader.next()) {
    kept.push(line);
    const ready = kept.length > count ? kept.shift() : undefined;
    if (ready) put(call.out, ready, true);
  }
}

function headBytes(call: Call, fd: number, { sign, count }: { sign: string; count: number }): void {
  if (sign === '-') {
    const all = call.os.files.readAll(fd);
    return call.out.write(all.subarray(0, Math.max(0, all.length - count)));
  }
  for (let left = count; left > 0;) {
    const part = call.os.files.read(fd, Math.min(left, CHUNK_BYTES));
    if (part.length === 0) return;
    call.out.write(part);
    left -= part.length;
  }
}

export const tail: Applet = {
  usage: '[-n LINES] [-c BYTES] [-fqv] [FILE]...',
  about: 'Prints the end of files; +K: from line or byte K on; -f: goes on as the file grows.',
  options: { flags: 'qvfF', values: 'nc', long: LONG, number: 'n' },
  run(call, options) {
    const bytes = options.value('c');
    const wanted = amount(bytes ?? options.value('n') ?? String(DEFAULT_LINES));
    const status = titled(call, options, (fd) => {
      const all = call.os.files.readAll(fd);
      call.out.write(bytes === undefined ? lastLines(all, wanted) : lastBytes(all, wanted));
    });
    const [path] = options.operands;
    if (options.has('f') && path !== undefined && path !== '-') follow(call, path);
    return status;
  },
};

function lastBytes(all: Uint8Array, { sign, count }: { sign: string; count: number }): Uint8Array {
  return all.subarray(sign === '+' ? Math.max(0, count - 1) : Math.max(0, all.length - count));
}

function lastLines(all: Uint8Array, { sign, count }: { sign: string; count: number }): Uint8Array {
  if (sign === '+') return all.subarray(startOfLine(all, count - 1));
  if (count === 0) return new Uint8Array();
  let at = all.length - 1;
  for (let left = count; at > 0; at--) if (all[at - 1] === 10 && --left === 0) break;
  return all.subarray(Math.max(0, at));
}

function startOfLine(all: Uint8Array, lines: number): number {
  let at = 0;
  for (let i = 0; i < lines; i++) {
    const end = all.indexOf(10, at);
    if (end < 0) return all.length;
    at = end + 1;
  }
  return at;
}

/** Until somebody kills us. A file that became shorter is read from its start. */
function follow(call: Call, path: string): never {
  const { files, clock } = call.os;
  const fd = files.open(path, 0x1_0000);
  for (let at = files.fstat(fd).size; ;) {
    const { size } = files.fstat(fd);
    if (size < at) at = 0;
    files.seek(fd, at);
    for (let part = files.read(fd); part.length > 0; part = files.read(fd)) {
      call.out.write(part);
      at += part.length;
    }
    (call.out as { flush?: () => void }).flush?.();
    clock.sleep(POLL_MS);
  }
}
