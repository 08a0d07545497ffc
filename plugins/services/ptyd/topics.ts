import { Errno } from '../../../core/abi/errno.js';
import { viewOf } from '../../../core/abi/wire.js';
import { PosixError } from '../runtime/posix-error.js';
import { decodeTermios, encodeTermios, Winsize } from '../runtime/termios.js';
import type { Pty } from './pty.js';

/** A part of a terminal that is read and written as a structure. */
export interface Topic {
  get?(pty: Pty): Uint8Array;
  set?(pty: Pty, bytes: Uint8Array): void;
}

const word = (value: number): Uint8Array => new Uint8Array(Uint32Array.of(value).buffer);
const wordOf = (bytes: Uint8Array): number => {
  if (bytes.length < 4) throw new PosixError(Errno.EINVAL);
  return viewOf(bytes).getUint32(0, true);
};

const FLUSH_OUTPUT = 1;

/** By the text of dup. Flow control and breaks mean nothing here: they are accepted. */
export const topics: Readonly<Record<string, Topic>> = {
  termios: {
    get: ({ discipline }) => encodeTermios(discipline.termios),
    set: ({ discipline }, bytes) => discipline.setTermios(decodeTermios(bytes, discipline.termios)),
  },
  winsize: {
    get: ({ rows, columns }) => Winsize.encode({ rows, columns }),
    set: (pty, bytes) => {
      const whole = Winsize.encode(pty);
      whole.set(bytes.subarray(0, Winsize.sizeBytes));
      Object.assign(pty, Winsize.decode(whole));
    },
  },
  pgrp: {
    get: ({ group }) => word(group),
    set: (pty, bytes) => void (pty.group = wordOf(bytes)),
  },
  ptlock: {
    get: ({ locked }) => word(Number(locked)),
    set: (pty, bytes) => void (pty.locked = wordOf(bytes) !== 0),
  },
  ptsname: {
    get: ({ id, locked }) => {
      if (locked) throw new PosixError(Errno.EIO);
      return word(id);
    },
  },
  flush: {
    set: (pty, bytes) => {
      const which = wordOf(bytes);
      if (which !== FLUSH_OUTPUT) pty.discipline.discard();
      if (which >= FLUSH_OUTPUT) pty.toMaster.length = 0;
    },
  },
  flow: { set: () => {} },
  sendbreak: { set: () => {} },
};
