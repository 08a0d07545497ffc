/** Bits and indices of asm-generic/termbits.h, by the names of termios(3). */
export const InputFlag = {
  IGNBRK: 0o1,
  BRKINT: 0o2,
  ISTRIP: 0o40,
  INLCR: 0o100,
  IGNCR: 0o200,
  ICRNL: 0o400,
  IUCLC: 0o1000,
  IXON: 0o2000,
  IXANY: 0o4000,
  IXOFF: 0o10000,
  IMAXBEL: 0o20000,
  IUTF8: 0o40000,
} as const;

export const OutputFlag = {
  OPOST: 0o1,
  OLCUC: 0o2,
  ONLCR: 0o4,
  OCRNL: 0o10,
  ONOCR: 0o20,
  ONLRET: 0o40,
  TABDLY: 0o14000,
  XTABS: 0o14000,
} as const;

const ControlFlag = { B38400: 0o17, CS8: 0o60, CREAD: 0o200, HUPCL: 0o2000 } as const;

export const LocalFlag = {
  ISIG: 0o1,
  ICANON: 0o2,
  ECHO: 0o10,
  ECHOE: 0o20,
  ECHOK: 0o40,
  ECHONL: 0o100,
  NOFLSH: 0o200,
  TOSTOP: 0o400,
  ECHOCTL: 0o1000,
  ECHOPRT: 0o2000,
  ECHOKE: 0o4000,
  IEXTEN: 0o100000,
} as const;

export const Special = {
  VINTR: 0,
  VQUIT: 1,
  VERASE: 2,
  VKILL: 3,
  VEOF: 4,
  VTIME: 5,
  VMIN: 6,
  VSTART: 8,
  VSTOP: 9,
  VSUSP: 10,
  VEOL: 11,
  VREPRINT: 12,
  VDISCARD: 13,
  VWERASE: 14,
  VLNEXT: 15,
  VEOL2: 16,
} as const;

const SPECIAL_COUNT = 19;
const FLAG_WORDS = 4;
const LINE_AT = FLAG_WORDS * 4;
const SPECIALS_AT = LINE_AT + 1;
/** sizeof(struct termios) in the kernel, not in the C library. */
export const TERMIOS_BYTES = 36;
/** struct termios2: the same with input and output speed. */
export const TERMIOS2_BYTES = 44;
/** struct termio of TCGETA: 16-bit flags, 8 characters. */
export const TERMIO_BYTES = 18;
const TERMIO_SPECIAL_COUNT = 8;
const SPEED = 38_400;

export interface Termios {
  readonly input: number;
  readonly output: number;
  readonly control: number;
  readonly local: number;
  readonly line: number;
  readonly special: Uint8Array;
}

/** What a new Linux terminal has (tty_std_termios), with UTF-8 input. */
export function defaultTermios(): Termios {
  const special = new Uint8Array(SPECIAL_COUNT);
  special.set([3, 28, 127, 21, 4, 0, 1, 0, 17, 19, 26, 0, 18, 15, 23, 22, 0]);
  const { ISIG, ICANON, ECHO, ECHOE, ECHOK, ECHOCTL, ECHOKE, IEXTEN } = LocalFlag;
  return {
    input: InputFlag.ICRNL | InputFlag.IXON | InputFlag.IUTF8,
    output: OutputFlag.OPOST | OutputFlag.ONLCR,
    control: ControlFlag.B38400 | ControlFlag.CS8 | ControlFlag.CREAD,
    local: ISIG | ICANON | ECHO | ECHOE | ECHOK | ECHOCTL | ECHOKE | IEXTEN,
    line: 0,
    special,
  };
}

const viewOf = (bytes: Uint8Array): DataView =>
  new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);

/** struct termios, or with 44 bytes struct termios2. */
export function encodeTermios(termios: Termios, sizeBytes = TERMIOS_BYTES): Uint8Array {
  const bytes = new Uint8Array(sizeBytes);
  const view = viewOf(bytes);
  const { input, output, control, local, line, special } = termios;
  [input, output, control, local].forEach((word, at) => view.setUint32(at * 4, word, true));
  bytes[LINE_AT] = line;
  bytes.set(special, SPECIALS_AT);
  if (sizeBytes === TERMIOS2_BYTES)
    [SPEED, SPEED].forEach((speed, at) => view.setUint32(TERMIOS_BYTES + at * 4, speed, true));
  return bytes;
}

export function decodeTermios(bytes: Uint8Array): Termios {
  const view = viewOf(bytes);
  const word = (at: number): number => view.getUint32(at * 4, true);
  return {
    input: word(0),
    output: word(1),
    control: word(2),
    local: word(3),
    line: bytes[LINE_AT] ?? 0,
    special: bytes.slice(SPECIALS_AT, SPECIALS_AT + SPECIAL_COUNT),
  };
}

export function encodeTermio(termios: Termios): Uint8Array {
  const bytes = new Uint8Array(TERMIO_BYTES);
  const view = viewOf(bytes);
  const { input, output, control, local, line, special } = termios;
  [input, output, control, local].forEach((word, at) => view.setUint16(at * 2, word, true));
  bytes[8] = line;
  bytes.set(special.subarray(0, TERMIO_SPECIAL_COUNT), 9);
  return bytes;
}

const HIGH_HALF = 0xffff_0000;

/** What termio has no room for stays as it is in `old`. */
export function decodeTermio(bytes: Uint8Array, old: Termios): Termios {
  const view = viewOf(bytes);
  const merged = (at: number, before: number) => ((before & HIGH_HALF) | view.getUint16(at * 2, true)) >>> 0;
  const special = old.special.slice();
  special.set(bytes.subarray(9, 9 + TERMIO_SPECIAL_COUNT));
  return {
    input: merged(0, old.input),
    output: merged(1, old.output),
    control: merged(2, old.control),
    local: merged(3, old.local),
    line: bytes[8] ?? 0,
    special,
  };
}

export interface WindowSize {
  readonly rows: number;
  readonly columns: number;
  readonly widthPixels: number;
  readonly heightPixels: number;
}

export const WINDOW_SIZE_BYTES = 8;

export function encodeWindowSize({ rows, columns, widthPixels, heightPixels }: WindowSize): Uint8Array {
  const bytes = new Uint8Array(WINDOW_SIZE_BYTES);
  [rows, columns, widthPixels, heightPixels].forEach((each, at) =>
    viewOf(bytes).setUint16(at * 2, each, true),
  );
  return bytes;
}

export function decodeWindowSize(bytes: Uint8Array): WindowSize {
  const half = (at: number): number => viewOf(bytes).getUint16(at * 2, true);
  return { rows: half(0), columns: half(1), widthPixels: half(2), heightPixels: half(3) };
}
