import { expect } from 'chai';
import { Errno } from '../../../core/abi/errno.js';
import { PosixError } from '../runtime/posix-error.js';
import { LATER } from '../runtime/scheme/scheme.js';
import {
  decodeTermios,
  defaultTermios,
  encodeTermios,
  LocalFlag,
  TERMIOS_BYTES,
} from '../runtime/termios.js';
import { decodeUtf8, encodeUtf8 } from '../runtime/utf8.js';
import { Ptys } from './ptys.js';
import type { CarriedPtys } from './ptys.js';

const idOf = (opened: object): number => ('id' in opened ? (opened.id as number) : -1);

function terminal() {
  const signals: (readonly [number, number])[] = [];
  const events: (readonly [number, number])[] = [];
  const ptys = new Ptys({
    signal: (group, number) => void signals.push([group, number]),
    postEvent: (handle, flags) => void events.push([handle, flags]),
  });
  const master = idOf(ptys.openat(0, 'ptmx'));
  const slave = idOf(ptys.openat(0, String(master)));
  const topic = (name: string) => idOf(ptys.dup(master, encodeUtf8(name)));
  const type = (text: string) => ptys.write(master, encodeUtf8(text));
  const text = (bytes: Uint8Array | typeof LATER) => (bytes === LATER ? undefined : decodeUtf8(bytes));
  const read = (length = 4096) => text(ptys.read(slave, length));
  const shown = () => text(ptys.read(master, 4096))?.slice(1);
  return { ptys, master, slave, topic, type, read, shown, signals, events };
}

describe('a terminal of ptyd', () => {
  it('hands out whole lines, and shows what is typed', () => {
    const { type, read, shown } = terminal();
    type('hel');
    expect(read()).equal(undefined);
    type('lo\r');
    expect(shown()).equal('hello\r\n');
    expect(read()).equal('hello\n');
    expect(read()).equal(undefined);
  });

  it('lets a line be edited', () => {
    const { type, read } = terminal();
    type('abx\x7fc one two\x17three\r');
    expect(read()).equal('abc one three\n');
    type('gone\x15kept\r');
    expect(read()).equal('kept\n');
    type('ä\x7fb\r');
    expect(read()).equal('b\n');
  });

  it('ends a file at Ctrl-D: the line so far, or nothing', () => {
    const { type, read } = terminal();
    type('part\x04');
    expect(read()).equal('part');
    type('\x04');
    expect(read()).equal('');
  });

  it('signals the group at the front, and forgets the line', () => {
    const { ptys, topic, type, read, shown, signals } = terminal();
    ptys.write(topic('pgrp'), new Uint8Array(Uint32Array.of(42).buffer));
    type('abc\x03\x1ax\r');
    expect(signals).deep.equal([
      [42, 2],
      [42, 20],
    ]);
    expect(shown()).equal('abc^C^Zx\r\n');
    expect(read()).equal('x\n');
  });

  it('hands over single keys in raw mode', () => {
    const { ptys, topic, type, read, shown, signals } = terminal();
    const modes = defaultTermios();
    modes.local &= ~(LocalFlag.ICANON | LocalFlag.ECHO | LocalFlag.ISIG);
    ptys.write(topic('termios'), encodeTermios(modes));
    type('a\x03');
    expect(read()).equal('a\x03');
    expect(shown()).equal(undefined);
    expect(signals).deep.equal([]);
  });

  it('gives a line that was begun to a program that turns raw', () => {
    const { ptys, topic, type, read } = terminal();
    type('beg');
    ptys.write(topic('termios'), encodeTermios({ ...defaultTermios(), local: 0 }));
    expect(read()).equal('beg');
  });

  it('turns newlines of programs into carriage return and newline', () => {
    const { ptys, slave, shown } = terminal();
    ptys.write(slave, encodeUtf8('a\nb\n'));
    expect(shown()).equal('a\r\nb\r\n');
  });

  it('cuts a packet at the length of the read, with the header in front of the rest', () => {
    const { ptys, master, slave } = terminal();
    ptys.write(slave, encodeUtf8('abcdef'));
    const first = ptys.read(master, 4) as Uint8Array;
    const second = ptys.read(master, 10) as Uint8Array;
    expect([...first].slice(1)).deep.equal([97, 98, 99]);
    expect([...second]).deep.equal([0, 100, 101, 102]);
  });

  it('tells its master of output, and of the last program that left', () => {
    const { ptys, master, slave, events } = terminal();
    ptys.write(slave, encodeUtf8('x'));
    expect(events).deep.equal([[master, 1]]);
    ptys.read(master, 10);
    ptys.close(slave);
    expect(events.at(-1)).deep.equal([master, 1]);
  });

  it('is at its end for programs when the master is gone', () => {
    const { ptys, master, slave, read } = terminal();
    ptys.close(master);
    expect(read()).equal('');
    expect(() => ptys.write(slave, encodeUtf8('x')))
      .throw(PosixError)
      .with.property('errno', Errno.EPIPE);
  });

  it('keeps its name until it is unlocked', () => {
    const { ptys, topic, master } = terminal();
    expect(() => ptys.read(topic('ptsname'), 4))
      .throw(PosixError)
      .with.property('errno', Errno.EIO);
    ptys.write(topic('ptlock'), new Uint8Array(4));
    expect([...(ptys.read(topic('ptsname'), 4) as Uint8Array)]).deep.equal([master, 0, 0, 0]);
  });

  it('refuses paths that are none of its own', () => {
    const { ptys } = terminal();
    for (const [path, errno] of [
      ['', Errno.ENOENT],
      ['x', Errno.EINVAL],
      ['99', Errno.ENOENT],
    ] as const)
      expect(() => ptys.openat(0, path), path)
        .throw(PosixError)
        .with.property('errno', errno);
  });

  it('is carried to a successor with what is typed and not read', () => {
    const { ptys, slave, type, topic, shown } = terminal();
    ptys.write(topic('winsize'), Uint8Array.of(50, 0, 100, 0));
    type('one\rtw');
    const carried = JSON.parse(JSON.stringify(ptys.carry())) as CarriedPtys;
    const heir = new Ptys({ signal: () => {}, postEvent: () => {} }, carried);
    heir.write(1, encodeUtf8('o\r'));
    const reads = [heir.read(slave, 99), heir.read(slave, 99)].map((bytes) =>
      decodeUtf8(bytes as Uint8Array),
    );
    expect(reads).deep.equal(['one\n', 'two\n']);
    expect(decodeUtf8(heir.read(1, 99) as Uint8Array)).equal(`\0${shown()}o\r\n`);
    expect([...(heir.read(topic('winsize') - 1, 9) as Uint8Array)]).deep.equal([50, 0, 100, 0]);
  });

  it('keeps modes in 48 bytes', () => {
    const bytes = encodeTermios(defaultTermios());
    expect(bytes.length).equal(TERMIOS_BYTES);
    expect(decodeTermios(bytes, defaultTermios())).deep.equal(defaultTermios());
    expect(decodeTermios(new Uint8Array(4), defaultTermios()).input).equal(0);
  });
});
