import { expect } from 'chai';
import fc from 'fast-check';
import { Worker } from 'node:worker_threads';
import { Errno } from '../../../core/abi/errno.js';
import {
  bellWords,
  PAGE_TOTAL_BYTES,
  readRequest,
  reply,
  takeRings,
  tellWaiting,
} from '../../../core/abi/isolate-page.js';
import { FdTable, INTERNAL_FD_BASE } from './fd-table.js';
import { baseName, canonical, directoryName, pathOf, targetOf } from './paths.js';
import { PosixError } from './posix-error.js';
import { parseElf } from './process/elf.js';
import { buildStack } from './process/native-stack.js';
import { decodeUtf8, encodeUtf8, wholeCharacters } from './utf8.js';

describe('UTF-8 without an engine', () => {
  const texts = fc.string({ unit: 'binary' });
  it('encodes as Buffer does', () =>
    fc.assert(
      fc.property(texts, (text) => void expect([...encodeUtf8(text)]).deep.equal([...Buffer.from(text)])),
    ));
  it('decodes what it encoded', () =>
    fc.assert(
      fc.property(
        texts,
        (text) => void expect(decodeUtf8(encodeUtf8(text))).equal(Buffer.from(text).toString()),
      ),
    ));
  it('survives any bytes', () =>
    fc.assert(fc.property(fc.uint8Array(), (bytes) => typeof decodeUtf8(bytes) === 'string')));
  it('refuses overlong forms and surrogates', () =>
    expect(decodeUtf8(Uint8Array.of(0xc0, 0x80, 0xed, 0xa0, 0x80, 0x41))).match(/^\ufffd+A$/));
  it('cuts text in pieces at whole characters', () =>
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), fc.nat(), (text, at) => {
        const bytes = encodeUtf8(text);
        const part = bytes.subarray(0, at % (bytes.length + 1));
        expect(text.startsWith(decodeUtf8(part.subarray(0, wholeCharacters(part))))).equal(true);
      }),
    ));
});

describe('paths', () => {
  const forms: Readonly<Record<string, string>> = {
    '/a/./b//c/': '/a/b/c',
    '../x': '/home/x',
    '..': '/home',
    '/..': '/',
    'x/../y': '/home/user/y',
    'event:': 'event:',
    'display:0/x': 'display:0/x',
  };
  for (const [path, expected] of Object.entries(forms))
    it(`${path} is ${expected}`, () => expect(canonical(path, '/home/user')).equal(expected));

  it('name a scheme and a reference', () => {
    expect(targetOf('/scheme/pipe')).deep.equal({ scheme: 'pipe', reference: '' });
    expect(targetOf('/scheme/rand/urandom')).deep.equal({ scheme: 'rand', reference: 'urandom' });
    expect(targetOf('/etc/passwd')).deep.equal({ scheme: 'file', reference: 'etc/passwd' });
    expect(targetOf('/scheme')).deep.equal({ scheme: '', reference: '' });
    expect(targetOf('sys:uname')).deep.equal({ scheme: 'sys', reference: 'uname' });
    expect(targetOf('/schemes')).deep.equal({ scheme: 'file', reference: 'schemes' });
  });
  it('come back from their target', () => {
    for (const path of ['/', '/a/b', '/scheme/pty/3', '/scheme/null'])
      expect(pathOf(targetOf(path))).equal(path);
  });
  it('have a last name and what is above', () => {
    const parts = (path: string) => [directoryName(path), baseName(path)];
    expect(['/a/b', '/a', 'a', 'a/', '/', '/a/b//'].map(parts)).deep.equal([
      ['/a', 'b'],
      ['/', 'a'],
      ['.', 'a'],
      ['.', 'a'],
      ['/', '/'],
      ['/a', 'b'],
    ]);
  });
});

describe('descriptors', () => {
  it('are the lowest that is free', () => {
    const fds = new FdTable([0, 1, 2, 4]);
    expect([fds.allocate(), fds.allocate(), fds.allocate(INTERNAL_FD_BASE)]).deep.equal([3, 5, 64]);
    fds.release(1);
    expect([fds.allocate(), fds.allocate()]).deep.equal([1, 6]);
  });
  it('are given back when what they are for fails', () => {
    const fds = new FdTable();
    const broken = () => {
      throw new PosixError(Errno.ENOENT);
    };
    expect(() => fds.using(broken)).throw(PosixError);
    expect(fds.allocate()).equal(0);
  });
});

function elf(change: (view: DataView) => void = () => {}): Uint8Array {
  const bytes = new Uint8Array(64 + 56);
  const view = new DataView(bytes.buffer);
  bytes.set([0x7f, 0x45, 0x4c, 0x46, 2, 1, 1]);
  view.setUint16(16, 2, true);
  view.setUint16(18, 62, true);
  view.setBigUint64(24, 0x40_1000n, true);
  view.setBigUint64(32, 64n, true);
  view.setUint16(54, 56, true);
  view.setUint16(56, 1, true);
  view.setUint32(64, 1, true);
  view.setUint32(68, 5, true);
  view.setBigUint64(80, 0x40_0000n, true);
  view.setBigUint64(96, 0x1500n, true);
  view.setBigUint64(104, 0x2000n, true);
  change(view);
  return bytes;
}

describe('ELF programs', () => {
  it('say where they go', () => {
    const program = parseElf(elf());
    expect(program).include({ entry: 0x40_1000, positionIndependent: false });
    expect(program.headers).deep.equal({ address: 0x40_0040, entryBytes: 56, count: 1 });
    expect(program.segments[0]).include({ address: 0x40_0000, memoryBytes: 0x2000, executable: true });
  });
  const wrong: Readonly<Record<string, (view: DataView) => void>> = {
    'another machine': (view) => view.setUint16(18, 3, true),
    'headers behind the end': (view) => view.setUint16(56, 500, true),
    'a file part longer than the memory': (view) => view.setBigUint64(96, 0x3000n, true),
    'an address of the kernel': (view) => view.setBigUint64(80, 0xffff_8000_0000_0000n, true),
  };
  for (const [what, change] of Object.entries(wrong))
    it(`with ${what} are ENOEXEC`, () =>
      expect(() => parseElf(elf(change)))
        .throw(PosixError)
        .with.property('errno', Errno.ENOEXEC));
  it('never crash the parser', () =>
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 120, maxLength: 400 }), (noise) => {
        const bytes = elf();
        bytes.set(noise.subarray(0, 64), 56);
        try {
          parseElf(bytes);
        } catch (error) {
          expect(error).instanceOf(PosixError);
        }
      }),
    ));
  it('start with argc, argv, environment and auxiliary vector on an aligned stack', () => {
    const top = 0x7fff_ffff_0000;
    const program = parseElf(elf());
    const plan = { top, argv: ['prog', 'ä'], env: { A: '1' }, cwd: '/', umask: 0o22, program, bias: 0 };
    const { bytes } = buildStack({ ...plan, handles: { process: 64, thread: 66, namespace: 65 } });
    const view = new DataView(bytes.buffer);
    const word = (i: number) => Number(view.getBigUint64(i * 8, true));
    const base = top - bytes.length;
    const string = (address: number) =>
      decodeUtf8(bytes.slice(address - base, bytes.indexOf(0, address - base)));
    expect(base % 16).equal(0);
    expect(word(0)).equal(2);
    expect([string(word(1)), string(word(2)), word(3), string(word(4)), word(5)]).deep.equal([
      'prog',
      'ä',
      0,
      'A=1',
      0,
    ]);
    expect([word(6), word(7)]).deep.equal([3, 0x40_0040]);
  });
});

/** A program in a thread of its own: plain JavaScript, the protocol of an isolate. */
const CLIENT = `
const { workerData: { page, bell } } = require('node:worker_threads');
const words = new Int32Array(page), ringer = new Int32Array(bell);
for (let i = 0; i < 100; i++) {
  words[2] = 0x109; words[3] = 0; words[4] = i; words[5] = 0;
  Atomics.store(words, 0, 1);
  Atomics.or(ringer, 1, 8);
  if (Atomics.exchange(ringer, 0, 1) === 0) Atomics.notify(ringer, 0);
  for (let state; (state = Atomics.load(words, 0)) === 1 || state === 3; ) Atomics.wait(words, 0, state);
  if (words[16] !== i * 2) throw new Error('wrong answer');
}`;

describe('the page of an isolate', () => {
  it('carries calls from another thread, with sleeping and waking on both sides', async () => {
    const page = new SharedArrayBuffer(PAGE_TOTAL_BYTES);
    const bell = new SharedArrayBuffer(4 * bellWords(32));
    const words = new Int32Array(page);
    const bellView = new Int32Array(bell);
    let ended = false;
    const worker = new Worker(CLIENT, { eval: true, workerData: { page, bell } });
    const exited = new Promise<number>((resolve) => worker.once('exit', resolve));
    void exited.then(() => {
      ended = true;
      Atomics.store(bellView, 0, 1);
      Atomics.notify(bellView, 0);
    });
    let served = 0;
    while (!ended) {
      const wait = Atomics.waitAsync(bellView, 0, 0);
      if (wait.async) await wait.value;
      for (const slot of takeRings(bellView)) {
        expect(slot).equal(3);
        if (served % 3 === 0) tellWaiting(words);
        reply(words, readRequest(words).args[0] * 2);
        served++;
      }
    }
    expect([await exited, served]).deep.equal([0, 100]);
  });
});
