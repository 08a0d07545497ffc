import { expect } from 'chai';
import { Errno } from '../../core/abi/errno.js';
import { Open } from '../../core/abi/flags.js';
import { PAGE_TOTAL_BYTES, REQUEST_AREA_OFFSET, WINDOW_OFFSET } from '../../core/abi/isolate-page.js';
import {
  CqeOp,
  decodeSqe,
  encodeCqe,
  ExtensionCqeOp,
  packBytesResult,
  SchemeOp,
  SQE_BYTES,
} from '../../core/abi/scheme-protocol.js';
import type { Cqe, Sqe } from '../../core/abi/scheme-protocol.js';
import { NewFdParams } from '../../core/abi/structs.js';
import { SharedUserMemory } from '../../plugins/kernel/memory/user-memory.js';
import { KernelBench, Root } from './kernel-bench.js';
import type { TestProcess } from './kernel-bench.js';

const SOCKET = 3;
const ROOT = 4;
const CLIENT_ROOT = 50;
const BUFFER = 0x4000;

describe('a scheme whose server is a process', () => {
  let bench: KernelBench;
  let server: TestProcess;
  let client: TestProcess;

  before(async () => void (bench = await KernelBench.create()));
  after(() => bench.close());

  beforeEach(() => {
    server = bench.process();
    client = bench.process(1000);
    server.context.engine = { kind: 'isolate', stop: () => undefined };
    server.context.user = new SharedUserMemory(new SharedArrayBuffer(PAGE_TOTAL_BYTES), WINDOW_OFFSET);
    server.dup(Root.creation, 'create-scheme', SOCKET);
    const params = NewFdParams.encode({ number: 7, flags: Open.RDWR });
    server.call('dup_into', SOCKET, BUFFER, server.put(BUFFER, params), ROOT);
    const root = server.file(ROOT);
    if (root) client.context.files?.install(CLIENT_ROOT, root.retain());
  });

  const receive = (): Sqe => {
    const count = server.call('read', SOCKET, BUFFER, SQE_BYTES);
    expect(count).to.equal(SQE_BYTES);
    return decodeSqe(server.get(BUFFER, SQE_BYTES));
  };
  const answer = (cqe: Partial<Cqe> & Pick<Cqe, 'tag'>) => {
    const bytes = encodeCqe({ op: CqeOp.RESPOND_REGULAR, extra: 0, result: 0, ...cqe });
    return server.call('write', SOCKET, BUFFER, server.put(BUFFER, bytes));
  };
  const openFile = () => {
    const args = [CLIENT_ROOT, 0x1000, client.put(0x1000, 'a/b'), Open.RDWR, 0, 5];
    expect(client.call('openat_into', ...args)).to.have.property('keys');
    answer({ tag: receive().tag, result: 42 });
    expect(client.retry('openat_into', ...args)).to.equal(5);
  };

  it('gets an open with path, flags and the ids of the caller', () => {
    const args = [CLIENT_ROOT, 0x1000, client.put(0x1000, 'a/b'), Open.RDWR, 0, 5];
    expect(client.call('openat_into', ...args)).to.have.property('keys');
    const { opcode, args: got, caller } = receive();
    expect([opcode, got[0], got[1], got[2], got[3]]).to.deep.equal([
      SchemeOp.OPENAT,
      7,
      REQUEST_AREA_OFFSET,
      3,
      Open.RDWR,
    ]);
    expect(server.get(got[1] ?? 0, 3).toString()).to.equal('a/b');
    expect([got[5], caller]).to.deep.equal([1000 + 1000 * 2 ** 32, client.context.attributes.pid]);
  });

  it('gives the client a descriptor with the number it chose', () => {
    openFile();
    expect(client.file(5)).to.include({ number: 42, positioned: false });
  });

  it('is told that there is no offset for a file without position', () => {
    openFile();
    client.call('read', 5, BUFFER, 16);
    expect(receive().args.slice(0, 4)).to.deep.equal([42, 0, 16, -1]);
  });

  it('answers a read with bytes of its own page', () => {
    openFile();
    client.call('read', 5, BUFFER, 16);
    const { tag } = receive();
    server.put(0x5000, 'payload');
    answer({ op: ExtensionCqeOp.RESPOND_WITH_BYTES, extra: 0x5000, tag, result: packBytesResult(7, 7) });
    expect(client.retry('read', 5, BUFFER, 16)).to.equal(7);
    expect(client.get(BUFFER, 7).toString()).to.equal('payload');
  });

  it('answers read and write with a place in a memory object', () => {
    openFile();
    server.open(Root.memory, 'object', 20);
    client.call('write', 5, BUFFER, client.put(BUFFER, 'stored'));
    answer({ op: ExtensionCqeOp.RESPOND_WITH_OBJECT, extra: 20, tag: receive().tag, result: 3 });
    expect(client.retry('write', 5, BUFFER, 6)).to.equal(6);
    client.call('read', 5, BUFFER + 64, 100);
    answer({ op: ExtensionCqeOp.RESPOND_WITH_OBJECT, extra: 20, tag: receive().tag, result: 0 });
    expect(client.retry('read', 5, BUFFER + 64, 100)).to.equal(9);
    expect(client.get(BUFFER + 64, 9).toString()).to.equal('\0\0\0stored');
  });

  it('is asked to cancel when a signal comes, and its answer still ends the call', () => {
    openFile();
    client.call('read', 5, BUFFER, 16);
    const { tag } = receive();
    client.context.interrupted = true;
    expect(client.retry('read', 5, BUFFER, 16)).to.include({ onSignal: 'ignore' });
    expect(receive()).to.include({ opcode: SchemeOp.CANCEL, tag, flags: 1 });
    answer({ tag, result: -Errno.ECANCELED });
    expect(client.retry('read', 5, BUFFER, 16)).to.equal(-Errno.EINTR);
  });

  it('may not answer EINTR to a call that nobody cancelled', () => {
    openFile();
    client.call('read', 5, BUFFER, 16);
    answer({ tag: receive().tag, result: -Errno.EINTR });
    expect(client.retry('read', 5, BUFFER, 16)).to.equal(-Errno.EIO);
  });

  it('hears of a close without having to answer', () => {
    openFile();
    expect(client.call('close', 5)).to.equal(0);
    expect(receive()).to.include({ opcode: SchemeOp.CLOSE_MSG, tag: 0, flags: 1 });
  });

  it('is EBADFD for an answer to nobody, EINVAL for a second one', () => {
    openFile();
    expect(answer({ tag: 999 })).to.equal(-Errno.EBADFD);
    client.call('read', 5, BUFFER, 16);
    const { tag } = receive();
    answer({ tag, result: 0 });
    expect(answer({ tag, result: 0 })).to.equal(-Errno.EINVAL);
  });

  it('leaves its clients an error, never a wait, when it is gone', () => {
    openFile();
    client.call('read', 5, BUFFER, 16);
    server.call('close', SOCKET);
    expect(client.retry('read', 5, BUFFER, 16)).to.be.below(0);
    expect(client.call('read', 5, BUFFER, 16)).to.be.below(0);
  });

  it('hands what can be repeated to the next server once, when one dies with it, and answers EIO for the rest', () => {
    openFile();
    server.context.files?.retain();
    const next = bench.process();
    next.context.engine = server.context.engine;
    next.context.user = new SharedUserMemory(new SharedArrayBuffer(PAGE_TOTAL_BYTES), WINDOW_OFFSET);
    next.context.files?.install(SOCKET, server.file(SOCKET)!.retain());
    client.call('fstat', 5, BUFFER, 200);
    const writer = bench.process();
    writer.context.files?.install(5, client.file(5)!.retain());
    writer.call('write', 5, BUFFER, 4);
    server.call('read', SOCKET, BUFFER, 2 * SQE_BYTES);
    bench.kernel.finish(server.context);
    expect(writer.retry('write', 5, BUFFER, 4)).to.equal(-Errno.EIO);
    expect(next.call('read', SOCKET, BUFFER, 2 * SQE_BYTES)).to.equal(SQE_BYTES);
    expect(decodeSqe(next.get(BUFFER, SQE_BYTES)).opcode).to.equal(SchemeOp.FSTAT);
    bench.kernel.finish(next.context);
    expect(client.retry('fstat', 5, BUFFER, 200)).to.equal(-Errno.EIO);
  });

  it('waits for requests, or is EAGAIN without waiting', () => {
    expect(server.call('read', SOCKET, BUFFER, 64)).to.have.property('keys');
    expect(server.call('read2', SOCKET, BUFFER, 64, -1, 1)).to.equal(-Errno.EAGAIN);
  });

  it('cannot be reached with a pointer or result that means nothing', () => {
    openFile();
    client.call('read', 5, BUFFER, 16);
    const { tag } = receive();
    expect(() =>
      answer({ op: ExtensionCqeOp.RESPOND_WITH_BYTES, extra: 0x10, tag, result: packBytesResult(9, 9) }),
    ).to.throw();
    answer({ op: ExtensionCqeOp.RESPOND_WITH_OBJECT, extra: 99, tag, result: 0 });
    expect(client.retry('read', 5, BUFFER, 16)).to.equal(-Errno.EIO);
  });
});
