import { Errno } from '../../../../core/abi/errno.js';
import { fail } from '../vfs/failure.js';
import {
  decodeTermio,
  decodeTermios,
  decodeWindowSize,
  encodeTermio,
  encodeTermios,
  encodeWindowSize,
  TERMIO_BYTES,
  TERMIOS2_BYTES,
  TERMIOS_BYTES,
  WINDOW_SIZE_BYTES,
} from './termios.js';
import type { Termios } from './termios.js';
import type { Terminal } from './terminal.js';

/** What an ioctl has to know of the process that makes it. */
export interface TerminalUser {
  readonly pid: number;
  readonly pgid: number;
  readonly sid: number;
  readonly superuser: boolean;
  /** This terminal controls its session. */
  readonly controls: boolean;
  /** The session of a process group; undefined when there is no such group. */
  sessionOf(pgid: number): number | undefined;
  /** Makes the terminal the controlling one of the caller's session, or takes it away. */
  setControlling(terminal: Terminal | undefined): void;
}

export interface IoctlRequest {
  readonly terminal: Terminal;
  readonly user: TerminalUser;
  /** The third argument, as a number. */
  readonly argument: number;
  /** The `reads` bytes it points to. */
  readonly input: Uint8Array;
}

/** `wait`: output has to drain first. */
export type IoctlResult = Uint8Array | 'wait' | undefined;

export interface Ioctl {
  readonly name: string;
  /** How many bytes the argument points to that are read, and written. */
  readonly reads: number;
  readonly writes: number;
  run(request: IoctlRequest): IoctlResult;
}

type Run = Ioctl['run'];
type Row = readonly [number: number, name: string, reads: number, writes: number, run: Run];

const INT_BYTES = 4;

function int(value: number): Uint8Array {
  const bytes = new Uint8Array(INT_BYTES);
  new DataView(bytes.buffer).setInt32(0, value, true);
  return bytes;
}

const intOf = (bytes: Uint8Array): number =>
  new DataView(bytes.buffer, bytes.byteOffset, INT_BYTES).getInt32(0, true);

/** TCSETS*: at once, after output, or after output with input thrown away. */
function setter(decode: (bytes: Uint8Array, old: Termios) => Termios, when: 'now' | 'drain' | 'flush'): Run {
  return ({ terminal, input }) => {
    if (when !== 'now' && terminal.unsentBytes > 0) return 'wait';
    if (when === 'flush') terminal.discipline.flushInput();
    terminal.discipline.configure(decode(input, terminal.termios));
    return undefined;
  };
}

const drained: Run = ({ terminal }) => (terminal.unsentBytes > 0 ? 'wait' : undefined);

const flowActions: readonly Run[] = [
  ({ terminal }) => void terminal.discipline.flow(true),
  ({ terminal }) => void terminal.discipline.flow(false),
  ({ terminal }) => transmitSpecial(terminal, 9),
  ({ terminal }) => transmitSpecial(terminal, 8),
];

function transmitSpecial(terminal: Terminal, at: number): undefined {
  const byte = terminal.termios.special[at];
  if (byte) terminal.write(Uint8Array.of(byte));
  return undefined;
}

const flow: Run = (request) => (flowActions[request.argument] ?? invalid)(request);
const invalid: Run = () => fail(Errno.EINVAL);

const flushActions: readonly Run[] = [
  ({ terminal }) => void terminal.discipline.flushInput(),
  ({ terminal }) => void terminal.flushOutput(),
  ({ terminal }) => {
    terminal.discipline.flushInput();
    return void terminal.flushOutput();
  },
];

const flush: Run = (request) => (flushActions[request.argument] ?? invalid)(request);

const foregroundGroup: Run = ({ terminal, user }) => {
  if (!user.controls) fail(Errno.ENOTTY);
  return int(terminal.foreground ?? 0);
};

/** The group must exist in the caller's session. That a background caller gets SIGTTOU is the kernel's to see. */
const setForegroundGroup: Run = ({ terminal, user, input }) => {
  if (!user.controls || terminal.session !== user.sid) fail(Errno.ENOTTY);
  const pgid = intOf(input);
  if (pgid < 0) fail(Errno.EINVAL);
  const session = user.sessionOf(pgid);
  if (session === undefined) fail(Errno.ESRCH);
  if (session !== user.sid) fail(Errno.EPERM);
  terminal.foreground = pgid;
  return undefined;
};

const sessionOfTerminal: Run = ({ terminal, user }) => {
  if (!user.controls || terminal.session === undefined) fail(Errno.ENOTTY);
  return int(terminal.session);
};

/** A session leader without a terminal gets this one, unless it is another session's and is not stolen. */
const becomeControlling: Run = ({ terminal, user, argument }) => {
  if (user.controls && terminal.session === user.sid) return undefined;
  if (user.pid !== user.sid) fail(Errno.EPERM);
  const taken = terminal.session !== undefined && terminal.session !== user.sid;
  if (taken && !(argument === 1 && user.superuser)) fail(Errno.EPERM);
  terminal.session = user.sid;
  terminal.foreground = user.pgid;
  user.setControlling(terminal);
  return undefined;
};

const leave: Run = ({ terminal, user }) => {
  if (!user.controls) fail(Errno.ENOTTY);
  if (user.pid === user.sid) {
    terminal.session = undefined;
    terminal.foreground = undefined;
  }
  user.setControlling(undefined);
  return undefined;
};

const pretendTyping: Run = ({ terminal, user, input }) => {
  if (!user.controls && !user.superuser) fail(Errno.EPERM);
  return void terminal.type(input);
};

const plain = (bytes: Uint8Array): Termios => decodeTermios(bytes);

// asm-generic/ioctls.h, with the arguments of ioctl_tty(2).
// prettier-ignore
const rows: readonly Row[] = [
  [0x5401, 'TCGETS', 0, TERMIOS_BYTES, ({ terminal }) => encodeTermios(terminal.termios)],
  [0x5402, 'TCSETS', TERMIOS_BYTES, 0, setter(plain, 'now')],
  [0x5403, 'TCSETSW', TERMIOS_BYTES, 0, setter(plain, 'drain')],
  [0x5404, 'TCSETSF', TERMIOS_BYTES, 0, setter(plain, 'flush')],
  [0x5405, 'TCGETA', 0, TERMIO_BYTES, ({ terminal }) => encodeTermio(terminal.termios)],
  [0x5406, 'TCSETA', TERMIO_BYTES, 0, setter(decodeTermio, 'now')],
  [0x5407, 'TCSETAW', TERMIO_BYTES, 0, setter(decodeTermio, 'drain')],
  [0x5408, 'TCSETAF', TERMIO_BYTES, 0, setter(decodeTermio, 'flush')],
  [0x5409, 'TCSBRK', 0, 0, drained],
  [0x540a, 'TCXONC', 0, 0, flow],
  [0x540b, 'TCFLSH', 0, 0, flush],
  [0x540c, 'TIOCEXCL', 0, 0, ({ terminal }) => void (terminal.exclusive = true)],
  [0x540d, 'TIOCNXCL', 0, 0, ({ terminal }) => void (terminal.exclusive = false)],
  [0x540e, 'TIOCSCTTY', 0, 0, becomeControlling],
  [0x540f, 'TIOCGPGRP', 0, INT_BYTES, foregroundGroup],
  [0x5410, 'TIOCSPGRP', INT_BYTES, 0, setForegroundGroup],
  [0x5411, 'TIOCOUTQ', 0, INT_BYTES, ({ terminal }) => int(terminal.unsentBytes)],
  [0x5412, 'TIOCSTI', 1, 0, pretendTyping],
  [0x5413, 'TIOCGWINSZ', 0, WINDOW_SIZE_BYTES, ({ terminal }) => encodeWindowSize(terminal.size)],
  [0x5414, 'TIOCSWINSZ', WINDOW_SIZE_BYTES, 0, ({ terminal, input }) => void terminal.resize(decodeWindowSize(input))],
  [0x541b, 'FIONREAD', 0, INT_BYTES, ({ terminal }) => int(terminal.discipline.available)],
  [0x5422, 'TIOCNOTTY', 0, 0, leave],
  [0x5424, 'TIOCGETD', 0, INT_BYTES, ({ terminal }) => int(terminal.termios.line)],
  [0x5425, 'TCSBRKP', 0, 0, drained],
  [0x5429, 'TIOCGSID', 0, INT_BYTES, sessionOfTerminal],
  [0x5440, 'TIOCGEXCL', 0, INT_BYTES, ({ terminal }) => int(terminal.exclusive ? 1 : 0)],
  [0x802c542a, 'TCGETS2', 0, TERMIOS2_BYTES, ({ terminal }) => encodeTermios(terminal.termios, TERMIOS2_BYTES)],
  [0x402c542b, 'TCSETS2', TERMIOS2_BYTES, 0, setter(plain, 'now')],
  [0x402c542c, 'TCSETSW2', TERMIOS2_BYTES, 0, setter(plain, 'drain')],
  [0x402c542d, 'TCSETSF2', TERMIOS2_BYTES, 0, setter(plain, 'flush')],
];

/** The ioctls of a terminal, by number. Any other number answers ENOTTY. */
export const terminalIoctls: ReadonlyMap<number, Ioctl> = new Map(
  rows.map(([number, name, reads, writes, run]) => [number, { name, reads, writes, run }]),
);

/** Those that change the terminal: from a background group they raise SIGTTOU (ioctl_tty(2)). */
export const changesTerminal = (number: number): boolean => {
  const name = terminalIoctls.get(number)?.name ?? '';
  return /^TCS(ET|BRK)/.test(name) || ['TCXONC', 'TCFLSH', 'TIOCSPGRP'].includes(name);
};
