import { expect } from 'chai';
import { Errno } from '../../core/abi/errno.js';
import { EVENT_TIMEOUT_ID, EventFlag, StdFsCall, CallFlag } from '../../core/abi/flags.js';
import { decodeDirents } from '../../core/abi/dirent.js';
import { Event, StatVfs, TimeSpec } from '../../core/abi/structs.js';
import { encodeWords } from '../../core/abi/wire.js';
import { KernelBench, Root } from './kernel-bench.js';
import type { TestProcess } from './kernel-bench.js';

const BUFFER = 0x4000;
const ONE_PIPE = 65_536;

describe('kernel schemes', () => {
  let bench: KernelBench;
  let process: TestProcess;
  before(async () => void (bench = await KernelBench.create()));
  beforeEach(() => void (process = bench.process()));
  after(() => bench.close());

  describe('pipe', () => {
    beforeEach(() => {
      process.open(Root.pipe, '', 3);
      process.dup(3, 'write', 4);
    });

    it('hands out its write end once', () => {
      expect(process.dup(3, 'write', 5)).to.equal(-Errno.EBADF);
      expect(process.dup(3, 'read', 5)).to.equal(-Errno.EINVAL);
    });

    it('moves bytes in order and answers what there is', () => {
      expect(process.call('write', 4, BUFFER, process.put(BUFFER, 'hello'))).to.equal(5);
      expect(process.call('read', 3, BUFFER + 64, 64)).to.equal(5);
      expect(process.get(BUFFER + 64, 5).toString()).to.equal('hello');
    });

    it('takes what fits and then waits, or is EAGAIN without waiting', () => {
      expect(process.call('write', 4, 0x1000, ONE_PIPE)).to.equal(ONE_PIPE);
      expect(process.call('write', 4, 0x1000, 1)).to.have.property('keys');
      expect(process.call('write2', 4, 0x1000, 1, -1, 1)).to.equal(-Errno.EAGAIN);
    });

    it('ends with 0 once the writer is gone, and with EPIPE once the reader is', () => {
      process.call('close', 4);
      expect(process.call('read', 3, BUFFER, 8)).to.equal(0);
      process.open(Root.pipe, '', 5);
      process.dup(5, 'write', 6);
      process.call('close', 5);
      expect(process.call('write', 6, BUFFER, 1)).to.equal(-Errno.EPIPE);
    });

    it('lets a lone read end wait: the write end counts as alive until it has been opened', () => {
      process.open(Root.pipe, '', 7);
      expect(process.call('read', 7, BUFFER, 8)).to.have.property('keys');
    });

    it('is no place to seek to', () => {
      expect(process.call('lseek', 3, 0, 2)).to.equal(-Errno.ESPIPE);
    });

    it('passes descriptors, which leave the sender and appear where the receiver says', () => {
      process.open(Root.sys, 'uname', 8);
      process.put(BUFFER, encodeWords([8]));
      expect(process.call('call', 4, BUFFER, 8, CallFlag.WRITE | CallFlag.FD, 0, 0)).to.equal(1);
      expect(process.file(8)).to.equal(undefined);
      process.put(BUFFER, encodeWords([20]));
      expect(process.call('call', 3, BUFFER, 8, CallFlag.READ | CallFlag.FD, 0, 0)).to.equal(1);
      expect(process.file(20)).to.not.equal(undefined);
    });
  });

  describe('event', () => {
    const subscribe = (id: number, flags: number, data = 7) => {
      process.put(BUFFER, Event.encode({ id, flags, data }));
      return process.call('write', 10, BUFFER, Event.sizeBytes);
    };
    beforeEach(() => {
      process.open(Root.event, '', 10);
      process.open(Root.pipe, '', 3);
      process.dup(3, 'write', 4);
    });

    it('tells of what happens to a file, with the data that was given', () => {
      expect(subscribe(3, EventFlag.READ)).to.equal(Event.sizeBytes);
      process.call('write', 4, BUFFER, 1);
      expect(process.call('read', 10, BUFFER, 240)).to.equal(Event.sizeBytes);
      expect(Event.decode(process.get(BUFFER, 24))).to.deep.equal({ id: 3, flags: EventFlag.READ, data: 7 });
    });

    it('tells at once of what is ready when the subscription comes', () => {
      process.call('write', 4, BUFFER, 1);
      subscribe(3, EventFlag.READ);
      expect(process.call('read', 10, BUFFER, 240)).to.equal(Event.sizeBytes);
    });

    it('knows no descriptor that is not open, and not itself', () => {
      expect(subscribe(77, EventFlag.READ)).to.equal(-Errno.EBADF);
      expect(subscribe(10, EventFlag.READ)).to.equal(-Errno.EBADF);
    });

    it('forgets a subscription with flags 0', () => {
      subscribe(3, EventFlag.READ);
      subscribe(3, 0);
      process.call('write', 4, BUFFER, 1);
      expect(process.call('read', 10, BUFFER, 240)).to.have.property('keys');
    });

    it('arms its timeout for the next blocking read, in milliseconds, and uses it up', () => {
      subscribe(EVENT_TIMEOUT_ID, 1, 0);
      expect(process.call('read', 10, BUFFER, 240)).to.equal(Event.sizeBytes);
      expect(Event.decode(process.get(BUFFER, 24)).id).to.equal(EVENT_TIMEOUT_ID);
      expect(process.call('read', 10, BUFFER, 240)).to.not.have.property('deadlineNs');
    });
  });

  describe('time', () => {
    it('knows clocks 1 and 4 and no other', () => {
      expect([
        process.open(Root.time, '1', 3),
        process.open(Root.time, '4', 4),
        process.open(Root.time, '2', 5),
      ]).to.deep.equal([3, 4, -Errno.ENOENT]);
      expect(process.call('clock_gettime', 4, BUFFER)).to.equal(0);
      expect(process.call('clock_gettime', 0, BUFFER)).to.equal(-Errno.EINVAL);
    });

    it('refuses times that are none', () => {
      process.put(BUFFER, TimeSpec.encode({ sec: 0, nsec: 1_000_000_000 }));
      expect(process.call('nanosleep', BUFFER, 0)).to.equal(-Errno.EINVAL);
      process.put(BUFFER, TimeSpec.encode({ sec: -1, nsec: 0 }));
      expect(process.call('nanosleep', BUFFER, 0)).to.equal(-Errno.EINVAL);
    });

    it('sleeps until a deadline, and says what is left when a signal comes', () => {
      process.put(BUFFER, TimeSpec.encode({ sec: 5, nsec: 0 }));
      expect(process.call('nanosleep', BUFFER, BUFFER + 64)).to.have.property('deadlineNs');
      process.context.interrupted = true;
      expect(process.retry('nanosleep', BUFFER, BUFFER + 64)).to.equal(-Errno.EINTR);
      expect(TimeSpec.decode(process.get(BUFFER + 64, 16)).sec).to.be.within(4, 5);
    });
  });

  describe('sys', () => {
    const text = (name: string) => {
      process.open(Root.sys, name, 30);
      const count = process.call('read', 30, BUFFER, 4096);
      process.call('close', 30);
      return process.get(BUFFER, Number(count)).toString();
    };

    it('says who it is in four lines', () =>
      expect(
        text('uname')
          .split('\n')
          .slice(0, 1)
          .concat(text('uname').split('\n')[2] ?? ''),
      ).to.deep.equal(['Redox', 'x86_64']));

    it('lists contexts with the columns of Redox', () =>
      expect(text('context').split('\n')[0]).to.equal(
        'PID   EUID  EGID  STAT  CPU   AFFINITY   TIME        PRIVATE     SHARED  NAME',
      ));

    it('is a directory of its files', () => {
      process.open(Root.sys, '', 3);
      process.put(0x1000, encodeWords([StdFsCall.GETDENTS, 0, 19]));
      const count = Number(process.call('call', 3, BUFFER, 4096, CallFlag.STD_FS | 3, 0x1000));
      const names = [...decodeDirents(process.get(BUFFER, count))].map(({ name }) =>
        Buffer.from(name).toString(),
      );
      expect(names).to.include.members(['uname', 'context', 'kstop', 'log']);
    });

    it('keeps a writer from files that are read, and a reader from those that are written', () => {
      process.open(Root.sys, 'uname', 3);
      expect(process.call('write', 3, BUFFER, 1)).to.equal(-Errno.EISDIR);
      process.open(Root.sys, 'kstop', 4);
      expect(process.call('read', 4, BUFFER, 1)).to.equal(-Errno.EISDIR);
    });

    it('lets a shutdown wait for who wakes by itself before long', () => {
      const { context } = bench.process();
      context.call = { pad: 0, arguments: [], scratch: undefined };
      bench.kernel.waits.block(context, { keys: [], deadlineNs: bench.kernel.nowNs() + 1e8 });
      process.open(Root.sys, 'kstop', 3);
      expect(process.call('write', 3, BUFFER, process.put(BUFFER, 'shutdown'))).to.have.property(
        'deadlineNs',
      );
    });

    it('gives kstop to nobody but the superuser', () => {
      process = bench.process(1000);
      expect(process.open(Root.sys, 'kstop', 3)).to.equal(-Errno.EPERM);
    });
  });

  describe('rights', () => {
    beforeEach(() => void (process = bench.process(1000)));

    it('debug is EPERM for others than the superuser', () =>
      expect(process.open(Root.debug, '', 3)).to.equal(-Errno.EPERM));
    it('physical memory is EACCES', () =>
      expect(process.open(Root.memory, 'physical', 3)).to.equal(-Errno.EACCES));
    it('plain memory is for everybody', () => expect(process.open(Root.memory, 'zeroed', 3)).to.equal(3));
    it('a scheme is made by the superuser alone', () =>
      expect(process.dup(Root.creation, 'create-scheme', 3)).to.equal(-Errno.EACCES));
  });

  describe('memory', () => {
    it('objects grow when written behind their end, and holes are zeroes', () => {
      process.open(Root.memory, 'object', 3);
      process.put(BUFFER, 'end');
      expect(process.call('write2', 3, BUFFER, 3, 10_000, -1)).to.equal(3);
      expect(process.call('lseek', 3, 0, 2)).to.equal(10_003);
      expect(process.call('read2', 3, BUFFER, 8, 4096, -1)).to.equal(8);
      expect([...process.get(BUFFER, 8)]).to.deep.equal(new Array(8).fill(0));
    });

    it('tells how much is free', () => {
      process.open(Root.memory, '', 3);
      process.put(0x1000, encodeWords([StdFsCall.FSTATVFS, 0, 0]));
      expect(process.call('call', 3, BUFFER, 32, CallFlag.STD_FS | 3, 0x1000)).to.equal(0);
      const { bsize, blocks, bfree } = StatVfs.decode(process.get(BUFFER, 32));
      expect([bsize, blocks > bfree]).to.deep.equal([4096, true]);
    });

    it('has paths of at most 64 characters', () =>
      expect(process.open(Root.memory, 'z'.repeat(65), 3)).to.equal(-Errno.ENOENT));
  });
});
