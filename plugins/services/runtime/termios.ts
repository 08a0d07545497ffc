import { layout, viewOf } from '../../../core/abi/wire.js';

/** redox_termios: four flag words, then 32 control characters. */
export const TERMIOS_BYTES = 48;
const CHARACTERS_AT = 16;
const CHARACTER_COUNT = 32;

export const InputFlag = { INLCR: 0o100, IGNCR: 0o200, ICRNL: 0o400, IXON: 0o1000 } as const;
export const OutputFlag = { OPOST: 1, ONLCR: 2 } as const;
export const LocalFlag = {
  ECHOE: 2,
  ECHOK: 4,
  ECHO: 8,
  ECHONL: 0x10,
  ISIG: 0x80,
  ICANON: 0x100,
  IEXTEN: 0x400,
} as const;
const CONTROL = 0o17 | 0o1400 | 0o4000 | 0o40000;

export const Character = {
  EOF: 0,
  EOL: 1,
  EOL2: 2,
  ERASE: 3,
  WERASE: 4,
  KILL: 5,
  REPRINT: 6,
  INTR: 8,
  QUIT: 9,
  SUSP: 10,
  START: 12,
  STOP: 13,
  LNEXT: 14,
  DISCARD: 15,
  MIN: 16,
  TIME: 17,
} as const;

export interface Termios {
  input: number;
  output: number;
  control: number;
  local: number;
  characters: Uint8Array;
}

export function defaultTermios(): Termios {
  const characters = new Uint8Array(CHARACTER_COUNT);
  const C = Character;
  const preset = { [C.EOF]: 4, [C.ERASE]: 127, [C.WERASE]: 23, [C.KILL]: 21, [C.REPRINT]: 18, [C.INTR]: 3 };
  const more = { [C.QUIT]: 28, [C.SUSP]: 26, [C.START]: 17, [C.STOP]: 19, [C.LNEXT]: 22, [C.DISCARD]: 15 };
  for (const [at, value] of Object.entries({ ...preset, ...more, [C.MIN]: 1 }))
    characters[Number(at)] = value;
  const L = LocalFlag;
  return {
    input: InputFlag.ICRNL | InputFlag.IXON,
    output: OutputFlag.OPOST | OutputFlag.ONLCR,
    control: CONTROL,
    local: L.ISIG | L.ICANON | L.ECHO | L.ECHOE | L.ECHOK | L.IEXTEN,
    characters,
  };
}

export function encodeTermios({ input, output, control, local, characters }: Termios): Uint8Array {
  const bytes = new Uint8Array(TERMIOS_BYTES);
  const view = viewOf(bytes);
  [input, output, control, local].forEach((word, i) => view.setUint32(i * 4, word, true));
  bytes.set(characters.subarray(0, CHARACTER_COUNT), CHARACTERS_AT);
  return bytes;
}

/** What is shorter than the structure changes only its beginning. */
export function decodeTermios(bytes: Uint8Array, before: Termios): Termios {
  const whole = encodeTermios(before);
  whole.set(bytes.subarray(0, TERMIOS_BYTES));
  const view = viewOf(whole);
  const word = (i: number) => view.getUint32(i * 4, true);
  return {
    input: word(0),
    output: word(1),
    control: word(2),
    local: word(3),
    characters: whole.slice(CHARACTERS_AT),
  };
}

export const Winsize = layout('winsize', 4, { rows: [0, 'u16'], columns: [2, 'u16'] });
