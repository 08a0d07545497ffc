import { expect } from 'chai';
import fc from 'fast-check';
import { decodeDirents, direntBytes, encodeDirents } from './dirent.js';
import { errnoMessage } from './errno-message.js';
import { Errno, errnoName, isError } from './errno.js';
import { decodeEngine, encodeEngine } from './engine.js';
import { has, Open, UPPER_FDTBL_TAG } from './flags.js';
import * as page from './isolate-page.js';
import { decodeWaitStatus, waitStatus } from './process-manager.js';
import * as protocol from './scheme-protocol.js';
import * as structs from './structs.js';
import { Sys, syscallByNumber, syscalls } from './syscalls.js';
import { decodeWords, encodeWords } from './wire.js';

const text = (name: string) => Uint8Array.from(name, (char) => char.charCodeAt(0));

describe('errno', () => {
  it('has 132 numbers, each with a name and a message', () => {
    const numbers = Object.values(Errno);
    expect(numbers).deep.equal(Array.from({ length: 132 }, (_, i) => i + 1));
    for (const number of numbers) expect(errnoMessage(number)).not.match(/^Unknown/);
  });
  it('tells EWOULDBLOCK from EAGAIN', () => expect([Errno.EAGAIN, Errno.EWOULDBLOCK]).deep.equal([11, 41]));
  it('takes only -1 to -132 for errors', () => {
    expect([-1, -132].every(isError)).equal(true);
    expect([0, 1, -133, -4096].some(isError)).equal(false);
  });
  it('names numbers', () => expect([errnoName(2), errnoName(999)]).deep.equal(['ENOENT', 'E999']));
});

describe('syscalls', () => {
  it('are 27, each under one number', () => {
    expect(syscalls).length(27);
    expect(syscallByNumber.size).equal(27);
  });
  it('have the same numbers in the table and by name', () => {
    for (const { name, number } of syscalls)
      expect(Sys[name.toUpperCase() as keyof typeof Sys]).equal(number);
  });
  it('carry the class bits of Redox', () => {
    expect(syscallByNumber.get(0x2300ca11)?.symbol).equal('sys_call');
    expect(syscallByNumber.get(Sys.FSTAT)?.args[1]).deep.equal({ name: 'stat', kind: 'out', struct: 'Stat' });
  });
});

describe('layouts', () => {
  const sizes = { TimeSpec: 16, Event: 24, Stat: 104, StatVfs: 32, IntRegisters: 160, ProcSchemeAttrs: 48 };
  for (const [name, size] of Object.entries(sizes))
    it(`${name} has ${size} bytes`, () =>
      expect(structs[name as 'Stat'].encode({} as never).length).equal(size));

  it('Stat keeps every field at its offset', () => {
    const stat = { ...structs.Stat.decode(new Uint8Array(104)), mode: 0x81a4, size: 2 ** 40, mtimeNsec: 7 };
    const bytes = structs.Stat.encode(stat);
    expect([bytes[16], bytes[17], bytes[37], bytes[64]]).deep.equal([0xa4, 0x81, 1, 7]);
    expect(structs.Stat.decode(bytes)).deep.equal(stat);
  });
  it('registers keep all 64 bits', () => {
    const rip = 0xffff_ffff_8010_0001n;
    expect(structs.IntRegisters.decode(structs.IntRegisters.encode({ rip })).rip).equal(rip);
  });
  it('a name is padded with NUL and cut at its width', () => {
    const cut = structs.ProcSchemeAttrs.encode({ pid: 3, debugName: 'x'.repeat(40) });
    expect(structs.ProcSchemeAttrs.decode(cut)).include({ pid: 3, debugName: 'x'.repeat(32) });
  });
  it('words are exact within 2^53 and u64::MAX is -1', () =>
    fc.assert(
      fc.property(fc.array(fc.maxSafeInteger()), (words) => {
        expect(decodeWords(encodeWords(words))).deep.equal(words);
      }),
    ));
  it('u64::MAX is eight bytes of ff', () => expect([...encodeWords([-1])]).deep.equal(Array(8).fill(255)));
  it('bit 62 is a number', () => expect(decodeWords(encodeWords([UPPER_FDTBL_TAG]))).deep.equal([2 ** 62]));
});

describe('dirents', () => {
  const entries = ['a', 'seven77', 'a-longer-name'].map((name, i) => ({
    inode: i,
    next: i + 1,
    kind: 8,
    name: text(name),
  }));
  it('round up to eight bytes with a NUL', () =>
    expect([direntBytes(1), direntBytes(4), direntBytes(5)]).deep.equal([24, 24, 32]));
  it('come back as they went', () => {
    const bytes = encodeDirents(entries, 4096) ?? new Uint8Array();
    expect([...decodeDirents(bytes)]).deep.equal(entries);
  });
  it('stop before the one that does not fit', () =>
    expect([...decodeDirents(encodeDirents(entries, 60) ?? new Uint8Array())]).length(2));
  it('are undefined when not even one fits', () => expect(encodeDirents(entries, 10)).equal(undefined));
  it('survive any damage', () =>
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => void [...decodeDirents(bytes)].length),
    ));
});

describe('scheme protocol', () => {
  it('an SQE takes 64 bytes and comes back', () => {
    const sqe = { opcode: 5, flags: 1, tag: 0xffff_fff0, args: [1, 2 ** 40, 3, -1, 5, 6], caller: 77 };
    const bytes = protocol.encodeSqe(sqe);
    expect(bytes.length).equal(64);
    expect(protocol.decodeSqe(bytes)).deep.equal(sqe);
  });
  it('a CQE takes 16 bytes and carries a 24-bit extra', () => {
    const cqe = { op: 0x81, extra: 0x02_1004, tag: 9, result: -2 };
    const bytes = protocol.encodeCqe(cqe);
    expect([bytes.length, bytes[0], bytes[1], bytes[3]]).deep.equal([16, 0x81, 4, 2]);
    expect(protocol.decodeCqe(bytes)).deep.equal(cqe);
  });
  it('ids travel in one word', () =>
    expect(protocol.unpackIds(protocol.packIds(1000, 50))).deep.equal({
      euid: 1000,
      egid: 50,
    }));
});

describe('isolate page', () => {
  it('slots hold signed 64-bit numbers', () => {
    const words = new Int32Array(new SharedArrayBuffer(page.PAGE_TOTAL_BYTES));
    page.writeRequest(words, Sys.READ2, [3, page.WINDOW_OFFSET, 10, -1, 2 ** 52, UPPER_FDTBL_TAG]);
    expect(page.readRequest(words)).deep.equal({
      number: Sys.READ2,
      args: [3, 4096, 10, -1, 2 ** 52, 2 ** 62],
    });
  });
  it('a ring is taken once', () => {
    const bell = new Int32Array(new SharedArrayBuffer(4 * page.bellWords(100)));
    for (const slot of [0, 31, 32, 99]) page.ring(bell, slot);
    expect(bell[0]).equal(1);
    expect([...page.takeRings(bell)]).deep.equal([0, 31, 32, 99]);
    expect([...page.takeRings(bell)]).deep.equal([]);
  });
  it('who looks out for a reply sees it, and stops looking when the call waits', () => {
    const words = new Int32Array(new SharedArrayBuffer(page.PAGE_TOTAL_BYTES));
    words[page.STATE_WORD] = page.PageState.REQUEST;
    expect(page.lookForReply(words, 10)).equal(false);
    page.tellWaiting(words);
    expect(page.lookForReply(words, 2 ** 50)).equal(false);
    page.reply(words, 0);
    expect(page.lookForReply(words, 10)).equal(true);
  });
  it('a call that is answered does not wait', () => {
    const words = new Int32Array(new SharedArrayBuffer(page.PAGE_TOTAL_BYTES));
    page.reply(words, 0);
    page.tellWaiting(words);
    expect(words[page.STATE_WORD]).equal(page.PageState.REPLY);
  });
  it('a reply carries a negative errno', () => {
    const words = new Int32Array(new SharedArrayBuffer(page.PAGE_TOTAL_BYTES));
    page.reply(words, -Errno.ENOENT);
    expect([page.readSlot(words, page.RESULT_OFFSET), words[0]]).deep.equal([-2, page.PageState.REPLY]);
  });
});

describe('flags, wait status, engine', () => {
  it('has() works beyond 31 bits', () => {
    expect(has(Open.NOFOLLOW, Open.NOFOLLOW)).equal(true);
    expect(has(Open.RDWR, Open.WRONLY)).equal(true);
    expect(has(Open.RDONLY, Open.RDWR)).equal(false);
    expect(has(2 ** 40, 2 ** 40)).equal(true);
  });
  it('wait status words are those of Linux', () => {
    expect(decodeWaitStatus(waitStatus.exited(3))).deep.equal({ kind: 'exited', code: 3 });
    expect(decodeWaitStatus(waitStatus.killed(9))).deep.equal({ kind: 'killed', signal: 9 });
    expect(decodeWaitStatus(waitStatus.stopped(19))).deep.equal({ kind: 'stopped', signal: 19 });
  });
  it('an engine header survives, and damage is refused', () => {
    const start = { argv: ['x'], env: {}, cwd: '/', umask: 0, fds: [], roots: {} };
    const header = { kind: 'isolate' as const, name: 'x', memoryLimitMiB: 16, start };
    expect(decodeEngine(encodeEngine(header, 'a\nb'))).deep.equal({ header, source: 'a\nb' });
    for (const damaged of ['', '{', 'null\n', '[]\n', '{"kind":"native"}\n'])
      expect(decodeEngine(damaged)).equal(undefined);
  });
});
