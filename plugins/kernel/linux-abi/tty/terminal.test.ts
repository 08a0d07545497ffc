import { expect } from 'chai';
import { Errno } from '../../../../core/abi/errno.js';
import { errnoOf } from '../vfs/testing.js';
import { terminalIoctls } from './ioctls.js';
import type { TerminalUser } from './ioctls.js';
import { Terminal } from './terminal.js';
import { decodeTermios, encodeTermios, InputFlag, LocalFlag, OutputFlag, Special } from './termios.js';
import type { Termios } from './termios.js';

const DECISECOND_NS = 100_000_000;

describe('Terminal', () => {
  let screen: string;
  let signals: [number, number][];
  let nowNs: number;
  let room: number;
  let terminal: Terminal;

  beforeEach(() => {
    screen = '';
    signals = [];
    nowNs = 0;
    room = Infinity;
    terminal = new Terminal({
      screen: {
        write(bytes) {
          const taken = Math.min(room, bytes.length);
          screen += Buffer.from(bytes.subarray(0, taken)).toString('latin1');
          return taken;
        },
      },
      signalGroup: (pgid, signal) => void signals.push([pgid, signal]),
      changed: () => undefined,
      nowNs: () => nowNs,
    });
    terminal.foreground = 7;
    terminal.session = 5;
  });

  const type = (text: string) => terminal.type(Buffer.from(text));
  const read = (max = 100, startedNs = nowNs): string | undefined => {
    const state = terminal.read(max, startedNs);
    return state.kind === 'data' ? Buffer.from(state.bytes).toString() : undefined;
  };
  function set(change: Partial<Termios>, special: Partial<Record<keyof typeof Special, number>> = {}): void {
    const characters = terminal.termios.special.slice();
    for (const [name, value] of Object.entries(special))
      characters[Special[name as keyof typeof Special]] = value;
    terminal.discipline.configure({ ...terminal.termios, ...change, special: characters });
  }
  const raw = (minimum: number, time: number) => set({ local: 0, input: 0 }, { VMIN: minimum, VTIME: time });

  describe('with lines', () => {
    it('hands out a line once it is ended, and echoes it', () => {
      type('hel');
      expect(read()).to.equal(undefined);
      type('lo\r');
      expect(read()).to.equal('hello\n');
      expect(screen).to.equal('hello\r\n');
    });

    it('hands out one line a read, in pieces when the buffer is small', () => {
      type('one\ntwo\n');
      expect([read(2), read(), read(), read()]).to.deep.equal(['on', 'e\n', 'two\n', undefined]);
    });

    it('erases a character, a tab, a control character and a UTF-8 character from the screen', () => {
      type('ab\x7f');
      expect(screen).to.equal('ab\b \b');
      screen = '';
      type('\t\x7f');
      expect(screen).to.equal(`\t${'\b \b'.repeat(7)}`);
      screen = '';
      type('\x01\x7f');
      expect(screen).to.equal('^A\b \b\b \b');
      screen = '';
      type('é\x7f\n');
      expect(screen).to.equal('Ã©\b \b\r\n');
      expect(read()).to.equal('a\n');
    });

    it('erases words with ^W and the line with ^U', () => {
      type('one two  \x17');
      expect(screen).to.equal(`one two  ${'\b \b'.repeat(5)}`);
      type('x\n');
      expect(read()).to.equal('one x\n');
      type('gone\x15kept\n');
      expect(read()).to.equal('kept\n');
    });

    it('ends the file with ^D at the start of a line, and ends a read elsewhere', () => {
      type('part\x04');
      expect(read()).to.equal('part');
      expect(read()).to.equal(undefined);
      type('\x04');
      expect(read()).to.equal('');
      expect(read()).to.equal(undefined);
    });

    it('takes the next character literally after ^V', () => {
      type('a\x16\x03b\n');
      expect(read()).to.equal('a\x03b\n');
      expect(signals).to.deep.equal([]);
      expect(screen).to.equal('a^\b^Cb\r\n');
    });

    it('shows the line again with ^R', () => {
      type('abc\x12');
      expect(screen).to.equal('abc^R\r\nabc');
    });

    it('shows nothing but the newline with ECHONL alone', () => {
      set({ local: LocalFlag.ICANON | LocalFlag.ECHONL });
      type('secret\n');
      expect(screen).to.equal('\r\n');
    });

    it('rings the bell and drops what is longer than 4095 bytes', () => {
      set({ input: terminal.termios.input | InputFlag.IMAXBEL });
      type(`${'x'.repeat(4096)}\n`);
      expect(screen.endsWith('\x07\r\n')).to.equal(true);
      expect(read(10_000)).to.have.length(4096);
    });
  });

  describe('signals', () => {
    it('go to the foreground group for ^C, ^\\ and ^Z, and throw away what was typed', () => {
      type('abc\x03');
      type('\x1c\x1a');
      expect(signals).to.deep.equal([
        [7, 2],
        [7, 3],
        [7, 20],
      ]);
      expect(screen).to.equal('abc^C^\\^Z');
      type('d\n');
      expect(read()).to.equal('d\n');
    });

    it('are characters without ISIG, or when disabled by 0', () => {
      set({ local: LocalFlag.ICANON });
      type('\x03\n');
      expect(read()).to.equal('\x03\n');
      set({ local: LocalFlag.ICANON | LocalFlag.ISIG }, { VINTR: 0 });
      type('\x03\0\n');
      expect(read()).to.equal('\x03\0\n');
      expect(signals).to.deep.equal([]);
    });

    it('tell of a new size, but not of the same one', () => {
      terminal.resize({ rows: 50, columns: 132, widthPixels: 0, heightPixels: 0 });
      terminal.resize({ rows: 50, columns: 132, widthPixels: 0, heightPixels: 0 });
      expect(signals).to.deep.equal([[7, 28]]);
    });

    it('tell session and group of a hangup; reads end, writes fail', () => {
      terminal.hangUp();
      expect(signals).to.deep.equal([
        [5, 1],
        [7, 1],
        [7, 18],
      ]);
      expect(read()).to.equal('');
      expect(terminal.write(Buffer.from('x'))).to.equal(undefined);
    });
  });

  describe('without lines', () => {
    it('MIN > 0, TIME = 0: waits for MIN bytes, or as many as fit', () => {
      raw(3, 0);
      type('ab');
      expect(read()).to.equal(undefined);
      expect(read(2)).to.equal('ab');
      type('cdef');
      expect(read()).to.equal('cdef');
    });

    it('MIN = 0, TIME = 0: never waits', () => {
      raw(0, 0);
      expect(read()).to.equal('');
      type('a');
      expect(read()).to.equal('a');
    });

    it('MIN = 0, TIME > 0: waits for one byte, at most TIME from the start', () => {
      raw(0, 5);
      expect(terminal.read(9, 0)).to.deep.equal({ kind: 'wait', deadlineNs: 5 * DECISECOND_NS });
      nowNs = 5 * DECISECOND_NS;
      expect(read(9, 0)).to.equal('');
    });

    it('MIN > 0, TIME > 0: TIME runs between bytes, from the first one', () => {
      raw(3, 2);
      expect(terminal.read(9, 0)).to.deep.equal({ kind: 'wait', deadlineNs: undefined });
      nowNs = 7 * DECISECOND_NS;
      type('a');
      expect(terminal.read(9, 0)).to.deep.equal({ kind: 'wait', deadlineNs: 9 * DECISECOND_NS });
      nowNs = 9 * DECISECOND_NS;
      expect(read(9, 0)).to.equal('a');
    });

    it('passes carriage returns and shows nothing', () => {
      raw(1, 0);
      type('\r\x03');
      expect(read()).to.equal('\r\x03');
      expect(screen).to.equal('');
    });

    it('gets what was typed of a line before', () => {
      type('ab');
      raw(1, 0);
      expect(read()).to.equal('ab');
    });
  });

  describe('output', () => {
    const write = (text: string) => terminal.write(Buffer.from(text));

    it('returns the carriage before a newline only with OPOST and ONLCR', () => {
      write('a\nb');
      set({ output: 0 });
      write('\n');
      expect(screen).to.equal('a\r\nb\n');
    });

    it('expands tabs with XTABS', () => {
      set({ output: OutputFlag.OPOST | OutputFlag.XTABS });
      write('ab\tc');
      expect(screen).to.equal('ab      c');
    });

    it('is held by ^S and released by ^Q', () => {
      type('\x13');
      expect(terminal.writable).to.equal(false);
      expect(write('x')).to.equal(0);
      type('\x11');
      expect(write('x')).to.equal(1);
    });

    it('waits for a screen that is full, in order with echo', () => {
      room = 2;
      expect(write('abcd')).to.equal(4);
      expect(terminal.unsentBytes).to.equal(2);
      room = 0;
      type('e');
      expect(write('f')).to.equal(0);
      room = Infinity;
      terminal.drained();
      expect(screen).to.equal('abcde');
      expect(terminal.writable).to.equal(true);
    });
  });

  describe('ioctls', () => {
    const user = (change: Partial<TerminalUser> = {}): TerminalUser => ({
      pid: 5,
      pgid: 7,
      sid: 5,
      superuser: false,
      controls: true,
      sessionOf: (pgid) => (pgid < 10 ? 5 : pgid < 20 ? 6 : undefined),
      setControlling: () => undefined,
      ...change,
    });
    function ioctl(name: string, input: number[] | Uint8Array = [], argument = 0, who = user()) {
      const found = [...terminalIoctls.values()].find((each) => each.name === name);
      return found?.run({ terminal, user: who, argument, input: Uint8Array.from(input) });
    }

    it('TCGETS and TCSETS carry struct termios both ways', () => {
      const bytes = ioctl('TCGETS') as Uint8Array;
      expect(bytes).to.have.length(36);
      expect([...bytes.subarray(0, 24)]).to.deep.equal([
        0, 0x45, 0, 0, 5, 0, 0, 0, 0xbf, 0, 0, 0, 0x3b, 0x8a, 0, 0, 0, 3, 28, 127, 21, 4, 0, 1,
      ]);
      ioctl('TCSETS', encodeTermios({ ...decodeTermios(bytes), local: 0 }));
      expect(terminal.termios.local).to.equal(0);
      expect(ioctl('TCGETS2')).to.have.length(44);
    });

    it('TCSETSW waits for output, TCSETSF throws input away', () => {
      room = 0;
      terminal.write(Buffer.from('x'));
      const same = encodeTermios(terminal.termios);
      expect(ioctl('TCSETSW', same)).to.equal('wait');
      room = Infinity;
      terminal.drained();
      type('line\n');
      expect(ioctl('TCSETSF', same)).to.equal(undefined);
      expect(read()).to.equal(undefined);
    });

    it('FIONREAD counts what a read could have', () => {
      type('ab\ncd');
      expect([...(ioctl('FIONREAD') as Uint8Array)]).to.deep.equal([3, 0, 0, 0]);
      ioctl('TCFLSH', [], 0);
      expect([...(ioctl('FIONREAD') as Uint8Array)]).to.deep.equal([0, 0, 0, 0]);
    });

    it('TIOCSPGRP takes groups of the own session only', () => {
      ioctl('TIOCSPGRP', [9, 0, 0, 0]);
      expect(terminal.foreground).to.equal(9);
      expect(errnoOf(() => ioctl('TIOCSPGRP', [12, 0, 0, 0]))).to.equal(Errno.EPERM);
      expect(errnoOf(() => ioctl('TIOCSPGRP', [30, 0, 0, 0]))).to.equal(Errno.ESRCH);
      expect(errnoOf(() => ioctl('TIOCGPGRP', [], 0, user({ controls: false })))).to.equal(Errno.ENOTTY);
    });

    it('TIOCSCTTY is for session leaders, and steals for the superuser only', () => {
      const other = { controls: false, sid: 6, pid: 6, pgid: 6 };
      expect(errnoOf(() => ioctl('TIOCSCTTY', [], 0, user({ ...other, pid: 9 })))).to.equal(Errno.EPERM);
      expect(errnoOf(() => ioctl('TIOCSCTTY', [], 1, user(other)))).to.equal(Errno.EPERM);
      ioctl('TIOCSCTTY', [], 1, user({ ...other, superuser: true }));
      expect(terminal).to.include({ session: 6, foreground: 6 });
    });

    it('TIOCGWINSZ answers the size, TIOCSWINSZ signals a change', () => {
      expect([...(ioctl('TIOCGWINSZ') as Uint8Array)]).to.deep.equal([24, 0, 80, 0, 0, 0, 0, 0]);
      ioctl('TIOCSWINSZ', [30, 0, 90, 0, 0, 0, 0, 0]);
      expect(signals).to.deep.equal([[7, 28]]);
    });
  });
});
