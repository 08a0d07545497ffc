import { Errno } from '../../../../core/abi/errno.js';
import type { Context } from '../../contexts/context.js';
import type { Outcome } from '../../contexts/outcome.js';
import type { Caller, UserBuffer } from '../../files/description.js';
import { processOf } from '../system.js';
import { changesTerminal, terminalIoctls } from '../tty/ioctls.js';
import type { TerminalUser } from '../tty/ioctls.js';
import type { Terminal } from '../tty/terminal.js';
import { LocalFlag } from '../tty/termios.js';
import { makeDevice } from '../vfs/device-numbers.js';
import { FileType } from '../vfs/flags.js';
import type { Location } from '../vfs/location.js';
import type { Stat } from '../vfs/types.js';
import { anonymousStat } from './anonymous-stat.js';
import { Poll } from './open-file.js';
import type { OpenFile, WriteMode } from './open-file.js';
import { backgroundAccess } from '../process/job-control.js';
import type { LinuxProcess } from '../process/process.js';
import { Sig } from '../signals/signal-numbers.js';

const TTY_DEVICE = makeDevice(136, 0);
const TTY_INODE = 3;

/** The wait queue of a terminal. */
export const terminalKey = 'linux:terminal';

/** The host's keyboard behind a terminal, which is taken only by who wants it. */
export interface Keyboard {
  /** Somebody reads. */
  demand(): void;
  /** Somebody looks out for keys, or changes the terminal. */
  expect(): void;
  /** Something was read: there is room for more. */
  relieve(): void;
  /** The terminal has other modes now. */
  configured(): void;
}

const nothing = () => undefined;
const nobody: Keyboard = { demand: nothing, expect: nothing, relieve: nothing, configured: nothing };

/** A terminal as an open file; every descriptor on it shares the one terminal. */
export class TerminalFile implements OpenFile {
  readonly seekable = false;
  readonly text = '/dev/pts/0';

  constructor(
    readonly terminal: Terminal,
    private readonly keyboard: Keyboard = nobody,
    readonly location?: Location,
  ) {}

  read({ kernel, context }: Caller, into: UserBuffer, _position: number, nonBlocking: boolean): Outcome {
    if (into.length === 0) return 0;
    const { call } = context;
    const scratch = (call?.scratch ?? {}) as { startedNs?: number };
    scratch.startedNs ??= kernel.nowNs();
    if (call) call.scratch = { ...call.scratch, ...scratch };
    into.prepare();
    const barred = this.#barred(context, Sig.TTIN);
    if (barred !== undefined) return barred;
    this.keyboard.demand();
    const state = this.terminal.read(into.length, scratch.startedNs);
    this.keyboard.relieve();
    if (state.kind === 'data') return into.write(state.bytes);
    if (nonBlocking) return -Errno.EAGAIN;
    return {
      keys: [terminalKey],
      ...(state.deadlineNs === undefined ? {} : { deadlineNs: state.deadlineNs }),
    };
  }

  write({ context }: Caller, from: UserBuffer, _position: number, { nonBlocking }: WriteMode): Outcome {
    const bytes = from.read();
    const held = (this.terminal.termios.local & LocalFlag.TOSTOP) !== 0;
    const barred = held ? this.#barred(context, Sig.TTOU) : undefined;
    if (barred !== undefined) return barred;
    const count = this.terminal.write(bytes);
    if (count === undefined) return -Errno.EIO;
    if (count > 0 || from.length === 0) return count;
    return nonBlocking ? -Errno.EAGAIN : { keys: [terminalKey] };
  }

  /** What a process of a background group gets instead of the terminal. */
  #barred(context: Context, signal: number): number | undefined {
    const process = processOf(context);
    if (process.system.terminal !== this.terminal) return undefined;
    const access = backgroundAccess(process.system, process, signal);
    if (access === 'allowed') return undefined;
    return access === 'refused' ? -Errno.EIO : -Errno.EINTR;
  }

  stat(): Stat {
    return anonymousStat(FileType.CHARACTER | 0o620, TTY_INODE, TTY_DEVICE);
  }

  ioctl({ context }: Caller, request: number, argument: number): Outcome {
    const found = terminalIoctls.get(request);
    if (!found) return -Errno.ENOTTY;
    const input = found.reads > 0 ? context.user.read(argument, found.reads) : new Uint8Array();
    if (found.writes > 0) context.user.prepareWrite(argument, found.writes);
    const changes = changesTerminal(request);
    const barred = changes ? this.#barred(context, Sig.TTOU) : undefined;
    if (barred !== undefined) return barred;
    if (changes) this.keyboard.expect();
    const user = terminalUser(processOf(context), this.terminal);
    const result = found.run({ terminal: this.terminal, user, argument, input });
    if (result === 'wait') return { keys: [terminalKey] };
    if (changes) this.keyboard.configured();
    if (result) context.user.write(argument, result);
    return 0;
  }

  poll() {
    this.keyboard.expect();
    const events =
      (this.terminal.readable ? Poll.IN | Poll.RDNORM : 0) |
      (this.terminal.writable ? Poll.OUT | Poll.WRNORM : 0) |
      (this.terminal.hungUp ? Poll.HUP : 0);
    return { events, keys: [terminalKey] };
  }
}

function terminalUser(process: LinuxProcess, terminal: Terminal): TerminalUser {
  const { table } = process.system;
  return {
    pid: process.pid,
    pgid: process.pgid,
    sid: process.sid,
    superuser: process.identity.euid === 0,
    controls: terminal.session === process.sid,
    sessionOf: (pgid) => table.group(pgid)[0]?.sid,
    setControlling: (next) => {
      terminal.session = next ? process.sid : undefined;
    },
  };
}
