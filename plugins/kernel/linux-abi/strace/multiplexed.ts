import * as files from '../layouts/files.js';
import { decodeTermios, TERMIOS_BYTES } from '../tty/termios.js';
import { terminalIoctls } from '../tty/ioctls.js';
import * as flags from './flags.js';
import { choiceText, flagsText } from './flags.js';
import { bytesAt, entering, failedCall, hexText, int32, pointerText, uint32 } from './kind.js';
import type { Kind, TracedCall } from './kind.js';
import { cloneFlagsText, inTimespec, openFlagsText, threadName } from './kinds.js';
import { signalText } from './signal-text.js';

// Calls whose later arguments depend on an earlier one.

const argument = (call: TracedCall, at: number): bigint => call.args[at] ?? 0n;
const either =
  (text: (value: bigint, call: TracedCall) => string | undefined): Kind['text'] =>
  (value, call) =>
    failedCall(call) ? pointerText(value) : text(value, call);

// fcntl
const plainInt = (value: bigint): string => String(int32(value));

function lockText(value: bigint, call: TracedCall): string {
  const bytes = bytesAt(value, files.flock.sizeBytes, call);
  if (!bytes) return pointerText(value);
  const lock = files.flock.decode(bytes);
  const type = choiceText(lock.l_type, flags.lockTypes, 'F');
  const from = choiceText(lock.l_whence, flags.whence, 'SEEK');
  return `{l_type=${type}, l_whence=${from}, l_start=${lock.l_start}, l_len=${lock.l_len}}`;
}

/** By command; a command that is missing has no third argument. */
const fcntlArguments: Readonly<Record<number, (value: bigint, call: TracedCall) => string>> = {
  0: plainInt,
  2: (value) => flagsText(uint32(value), flags.closeOnExec, 'FD'),
  4: (value) => openFlagsText(uint32(value)),
  5: lockText,
  6: lockText,
  7: lockText,
  8: plainInt,
  10: (value) => signalText(int32(value)),
  36: lockText,
  37: lockText,
  38: lockText,
  1024: plainInt,
  1030: plainInt,
  1031: plainInt,
  1033: (value) => hexText(value),
};

export const fcntlArgument: Kind = entering((value, call) =>
  fcntlArguments[int32(argument(call, 1))]?.(value, call),
);

export function fcntlResult({ args, result = 0 }: TracedCall): string {
  const command = int32(args[1] ?? 0n);
  if (command === 1)
    return result === 0 ? '0' : `${hexText(result)} (flags ${flagsText(result, flags.closeOnExec, 'FD')})`;
  if (command !== 3) return String(result);
  return `${result === 0 ? '0' : hexText(result)} (flags ${openFlagsText(result)})`;
}

// ioctl
const requestNames = new Map([...terminalIoctls].map(([number, { name }]) => [number, name]));
for (const [number, name] of [
  [0x5421, 'FIONBIO'],
  [0x5450, 'FIONCLEX'],
  [0x5451, 'FIOCLEX'],
  [0x5452, 'FIOASYNC'],
  [0x80045430, 'TIOCGPTN'],
  [0x40045431, 'TIOCSPTLCK'],
] as const)
  requestNames.set(number, name);

const directions = ['_IOC_NONE', '_IOC_WRITE', '_IOC_READ', '_IOC_READ|_IOC_WRITE'];

function requestText(request: number): string {
  const name = requestNames.get(request);
  if (name) return name;
  const type = hexText((request >>> 8) & 0xff);
  const number = hexText(request & 0xff);
  const bytes = (request >>> 16) & 0x3fff;
  return `_IOC(${directions[request >>> 30]}, ${type}, ${number}, ${bytes === 0 ? '0' : hexText(bytes)})`;
}

export const ioctlRequest = entering((value) => requestText(uint32(value)));

function termiosText(value: bigint, call: TracedCall): string {
  const bytes = bytesAt(value, TERMIOS_BYTES, call);
  if (!bytes) return pointerText(value);
  const { input, output, control, local } = decodeTermios(bytes);
  const words = `c_iflag=${hexText(input)}, c_oflag=${hexText(output)}, c_cflag=${hexText(control)}`;
  return `{${words}, c_lflag=${hexText(local)}, ...}`;
}

function windowText(value: bigint, call: TracedCall): string {
  const bytes = bytesAt(value, files.winsize.sizeBytes, call);
  if (!bytes) return pointerText(value);
  const size = files.winsize.decode(bytes);
  return `{ws_row=${size.ws_row}, ws_col=${size.ws_col}, ws_xpixel=${size.ws_xpixel}, ws_ypixel=${size.ws_ypixel}}`;
}

function intText(value: bigint, call: TracedCall): string {
  const bytes = bytesAt(value, 4, call);
  return bytes ? `[${new DataView(bytes.buffer, bytes.byteOffset).getInt32(0, true)}]` : pointerText(value);
}

const ioctlArguments: readonly (readonly [
  name: RegExp,
  text: (value: bigint, call: TracedCall) => string,
])[] = [
  [/^TC[GS]ETS/, termiosText],
  [/WINSZ$/, windowText],
  [/^(FIONREAD|FIONBIO|FIOASYNC|TIOC[GS]PGRP|TIOCGSID|TIOCOUTQ|TIOCGPTN|TIOCSPTLCK|TIOCGETD)$/, intText],
  [/^(TCFLSH|TCXONC|TCSBRK|TCSBRKP|TIOCSCTTY)$/, plainInt],
];

export const ioctlArgument: Kind = {
  when: 'exit',
  text: either((value, call) => {
    const name = requestNames.get(uint32(argument(call, 1))) ?? '';
    return ioctlArguments.find(([pattern]) => pattern.test(name))?.[1](value, call) ?? hexText(value);
  }),
};

// futex
const FUTEX_PRIVATE = 128;
const FUTEX_REALTIME = 256;
const COMMAND_MASK = 127;

const futexCommand = (call: TracedCall): number => int32(argument(call, 1)) & COMMAND_MASK;
/** Commands by what their fourth to sixth arguments are. */
const TIMED = new Set([0, 6, 9, 11, 13]);
const REQUEUES = new Set([3, 4, 5, 12]);
const BITSET = new Set([9, 10]);

export const futexOperation = entering((value) => {
  const command = int32(value);
  const name = choiceText(command & COMMAND_MASK, flags.futexOperations, 'FUTEX');
  const suffix = (command & FUTEX_PRIVATE) === 0 ? '' : '_PRIVATE';
  return `${name}${suffix}${(command & FUTEX_REALTIME) === 0 ? '' : '|FUTEX_CLOCK_REALTIME'}`;
});
export const futexTimeout = entering((value, call) => {
  if (TIMED.has(futexCommand(call))) return inTimespec.text(value, call);
  if (BITSET.has(futexCommand(call))) return pointerText(value);
  return REQUEUES.has(futexCommand(call)) ? String(uint32(value)) : undefined;
});
export const futexOther = entering((value, call) =>
  REQUEUES.has(futexCommand(call)) || BITSET.has(futexCommand(call)) ? pointerText(value) : undefined,
);
export const futexLast = entering((value, call) => {
  if (!BITSET.has(futexCommand(call)))
    return REQUEUES.has(futexCommand(call)) ? String(uint32(value)) : undefined;
  return uint32(value) === 0xffff_ffff ? 'FUTEX_BITSET_MATCH_ANY' : hexText(value);
});

// prctl
const PR_SET_NAME = 15;
const PR_GET_NAME = 16;

export const prctlArgument: Kind = {
  when: 'exit',
  text: (value, call) => {
    const option = int32(argument(call, 0));
    return option === PR_SET_NAME || option === PR_GET_NAME ? threadName(value, call) : hexText(value);
  },
};

/** The third to fifth count only for options that are not names. */
export const prctlRest = entering((value, call) => {
  const option = int32(argument(call, 0));
  return option === PR_SET_NAME || option === PR_GET_NAME ? undefined : hexText(value);
});

// clone: `clone(child_stack=NULL, flags=..., parent_tid=[7], tls=0x..., child_tidptr=0x...)`.
const CLONE_SETTLS = 0x80000;
const CLONE_PARENT_SETTID = 0x100000;
const CLONE_CHILD = 0x1200000;
const cloneBits = (call: TracedCall): number => Number(argument(call, 0));
const labelled =
  (label: string, when: number, text: (value: bigint, call: TracedCall) => string): Kind['text'] =>
  (value, call) =>
    when === 0 || (cloneBits(call) & when) !== 0 ? `${label}=${text(value, call)}` : undefined;

/** In strace's order: stack, flags, parent tid, TLS, child tid. */
export const cloneKinds: readonly (readonly [argument: number, kind: Kind])[] = [
  [1, entering(labelled('child_stack', 0, pointerText))],
  [0, entering((value) => `flags=${cloneFlagsText(Number(value) & ~0xff, Number(value) & 0xff)}`)],
  [2, { when: 'exit', text: labelled('parent_tid', CLONE_PARENT_SETTID, intText) }],
  [4, entering(labelled('tls', CLONE_SETTLS, pointerText))],
  [3, entering(labelled('child_tidptr', CLONE_CHILD, pointerText))],
];
