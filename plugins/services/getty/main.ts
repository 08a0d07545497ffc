import { Errno } from '../../../core/abi/errno.js';
import { EventFlag, Open, RwFlag } from '../../../core/abi/flags.js';
import { decodeWaitStatus, WaitFlag } from '../../../core/abi/process-manager.js';
import { Event } from '../../../core/abi/structs.js';
import { viewOf } from '../../../core/abi/wire.js';
import { unlessErrno } from '../runtime/posix-error.js';
import { Winsize } from '../runtime/termios.js';
import type { Os } from '../runtime/os.js';

const USAGE = 'usage: getty [-1] TERMINAL [PROGRAM [ARG]...]';
const CHUNK = 4096;
const NO_OFFSET = -1;
const REVIVE_TRIES = 5;
const REVIVE_PAUSE_MS = 20;

/** Joins a bare console with a terminal of ptyd, and keeps a program running on it; with -1 it ends when that ends, as that does. */
export function main(os: Os): number {
  const once = os.argv[1] === '-1';
  const [path, ...given] = os.argv.slice(once ? 2 : 1);
  if (path === undefined) {
    os.complain(USAGE);
    return 2;
  }
  const argv = given.length > 0 ? given : ['sh', '-l'];
  const getty = new Getty(os, path, once);
  getty.start(argv);
  os.serve(getty);
  return 0;
}

class Getty {
  readonly #console: number;
  readonly #master: number;
  readonly #slavePath: string;
  readonly #queue: number;
  #argv: readonly string[] = [];
  #child = 0;

  constructor(
    private readonly os: Os,
    path: string,
    private readonly once: boolean,
  ) {
    const { files } = os;
    this.#console = files.open(path, Open.RDWR);
    this.#master = files.open('/scheme/pty/ptmx', Open.RDWR + Open.CREAT);
    this.#put('ptlock', new Uint8Array(4));
    this.#put('winsize', Winsize.encode({ rows: size(os, 'LINES', 30), columns: size(os, 'COLUMNS', 80) }));
    this.#slavePath = `/scheme/pty/${this.#number()}`;
    this.#queue = files.open('/scheme/event', Open.RDWR);
    for (const fd of [this.#console, this.#master])
      os.calls.write(this.#queue, Event.encode({ id: fd, flags: EventFlag.READ, data: fd }));
  }

  /** The program has the terminal for its standard descriptors and leads a group of its own. */
  start(argv: readonly string[]): void {
    this.#argv = argv;
    const { os } = this;
    const slave = os.files.open(this.#slavePath, Open.RDWR);
    const fds = [0, 1, 2].map((fd) => [fd, slave] as const);
    const env = {
      ...os.env,
      TTY: this.#slavePath,
      TERM: os.env['TERM'] === 'dumb' ? 'dumb' : 'xterm-256color',
    };
    try {
      this.#child = os.spawn(os.which(argv[0] ?? ''), { argv, env, fds, group: 0 });
      this.#put('pgrp', new Uint8Array(Uint32Array.of(this.#child).buffer));
    } finally {
      os.files.close(slave);
    }
  }

  serve(): void {
    for (;;) {
      this.poll();
      this.os.calls.read(this.#queue, 16 * Event.sizeBytes);
    }
  }

  /** Moves what is there in both directions. */
  poll(): void {
    let moved = false;
    while (this.#fromConsole() || this.#fromProgram()) moved = true;
    this.#revive(moved ? 1 : REVIVE_TRIES);
  }

  #fromConsole(): boolean {
    const bytes = this.#take(this.#console);
    if (!bytes || bytes.length === 0) return false;
    this.os.files.write(this.#master, bytes);
    return true;
  }

  /** The first byte of a packet is its header; data packets have 0. */
  #fromProgram(): boolean {
    const packet = this.#take(this.#master);
    if (!packet || packet.length === 0) return false;
    if (packet[0] === 0 && packet.length > 1) this.os.files.write(this.#console, packet.subarray(1));
    return true;
  }

  #take(fd: number): Uint8Array | undefined {
    return unlessErrno(
      () => this.os.calls.readAt(fd, CHUNK, NO_OFFSET, RwFlag.NONBLOCK),
      undefined,
      Errno.EAGAIN,
      Errno.EWOULDBLOCK,
    );
  }

  /** A program that ended is started again. It lets go of the terminal a moment before its end is known. */
  #revive(tries: number): void {
    const { processes, clock } = this.os;
    for (let i = 0; i < tries; i++) {
      if (i > 0) clock.sleep(REVIVE_PAUSE_MS);
      const ended = unlessErrno(() => processes.wait(this.#child, WaitFlag.NOHANG), undefined, Errno.ECHILD);
      if (!ended) continue;
      if (!this.once) return this.start(this.#argv);
      while (this.#fromProgram());
      processes.exit(statusOf(ended.status));
    }
  }

  #number(): number {
    const fd = this.os.files.subObject(this.#master, 'ptsname');
    try {
      return viewOf(this.os.files.read(fd, 4)).getUint32(0, true);
    } finally {
      this.os.files.close(fd);
    }
  }

  #put(topic: string, bytes: Uint8Array): void {
    const fd = this.os.files.subObject(this.#master, topic);
    try {
      this.os.files.write(fd, bytes);
    } finally {
      this.os.files.close(fd);
    }
  }
}

function statusOf(status: number): number {
  const outcome = decodeWaitStatus(status);
  if (outcome.kind === 'exited') return outcome.code;
  return outcome.kind === 'killed' ? 128 + outcome.signal : 0;
}

const size = (os: Os, name: string, preset: number): number => Number(os.env[name]) || preset;
