import { expect } from 'chai';
import { Errno } from '../../../../core/abi/errno.js';
import { Open, Seek } from '../../../../core/abi/flags.js';
import { CREATE_SCHEME } from '../../../../core/abi/kernel-schemes.js';
import { SCHEME_CREATION_ROOT } from '../../../../core/abi/engine.js';
import { PosixError } from '../posix-error.js';
import { MockMachine } from '../testing/mock-machine.js';
import { MockPipes } from '../testing/mock-schemes.js';
import { decodeUtf8, encodeUtf8 } from '../utf8.js';
import { SchemeServer } from './scheme-server.js';
import { LATER } from './scheme.js';
import type { Os } from '../os.js';
import type { Scheme } from './scheme.js';

/** A machine with one process that serves `scheme` and uses it, too. */
function serving(scheme: Scheme) {
  const machine = new MockMachine();
  const os = machine.bootstrap();
  const socket = os.files.subObject(os.namespace.root(SCHEME_CREATION_ROOT), CREATE_SCHEME);
  const server = new SchemeServer(os, scheme, socket);
  os.namespace.add('test', server.descriptorOf(0));
  machine.services.push(server);
  const client = clientOf(machine, os);
  return { machine, os, server, client };
}

/** Another process that has the scheme's root. */
function clientOf(machine: MockMachine, os: Os): Os {
  const context = machine.kernel.createContext();
  context.state = 'running';
  Object.assign(context.attributes, { pid: 7, uid: 1000, gid: 100 });
  const root = machine.kernel.description(
    [...machine.kernel.contexts.values()][0] ?? context,
    os.namespace.root('test'),
  );
  machine.kernel.install(context, 3, root);
  const pipe = machine.kernel.describeOpened(new MockPipes(), { number: 0 }, Open.RDWR);
  machine.kernel.install(context, 4, pipe);
  const roots = { test: 3, pipe: 4 };
  return machine.osFor(context, { argv: ['client'], env: {}, cwd: '/', umask: 0, fds: [], roots });
}

const errnoOf = (act: () => unknown): number | undefined => {
  try {
    act();
  } catch (error) {
    if (error instanceof PosixError) return error.errno;
    throw error;
  }
  return undefined;
};

const open = (client: Os, flags: number = Open.RDWR) => client.files.open('/scheme/test/some/path', flags);

describe('a scheme server', () => {
  it('tells its scheme who asks, for what, and with which flags', () => {
    const seen: unknown[] = [];
    const { client } = serving({
      openat: (directory, path, flags, { pid, uid, gid }) => {
        seen.push(directory, path, flags, pid, uid, gid);
        return { id: 1 };
      },
    });
    open(client, Open.RDONLY + Open.NONBLOCK);
    expect(seen).deep.equal([0, 'some/path', Open.RDONLY + Open.NONBLOCK, 7, 1000, 100]);
  });

  it('answers for what its scheme leaves out as Redox does', () => {
    const { client } = serving({ openat: () => ({ id: 1 }) });
    const fd = open(client);
    const { files, calls } = client;
    expect({
      read: errnoOf(() => files.read(fd)),
      write: errnoOf(() => files.write(fd, Uint8Array.of(1))),
      stat: errnoOf(() => files.fstat(fd)),
      path: errnoOf(() => calls.fpath(fd)),
      entries: errnoOf(() => files.entries(fd)),
      truncate: errnoOf(() => files.truncate(fd, 0)),
      seekEnd: errnoOf(() => files.seek(fd, 0, Seek.END)),
      dup: errnoOf(() => files.subObject(fd, 'x')),
      call: errnoOf(() => calls.call(fd, { metadata: [1] })),
      unlink: errnoOf(() => files.unlink('/scheme/test/x')),
      fsync: errnoOf(() => calls.fsync(fd)),
    }).deep.equal({
      read: Errno.EBADF,
      write: Errno.EBADF,
      stat: Errno.EOPNOTSUPP,
      path: Errno.EOPNOTSUPP,
      entries: Errno.ENOTDIR,
      truncate: Errno.EBADF,
      seekEnd: Errno.ESPIPE,
      dup: Errno.EOPNOTSUPP,
      call: Errno.EOPNOTSUPP,
      unlink: Errno.ENOENT,
      fsync: undefined,
    });
  });

  it('keeps the offset of handles that have a position', () => {
    const content = encodeUtf8('hello world');
    const { client } = serving({
      openat: () => ({ id: 1, positioned: true }),
      read: (_id, length, offset) => content.subarray(offset, offset + length),
    });
    const fd = open(client);
    expect([client.files.read(fd, 5), client.files.read(fd, 3)].map(decodeUtf8)).deep.equal(['hello', ' wo']);
  });

  it('parks a request and answers it when something has changed', () => {
    let ready = false;
    const { client, machine } = serving({
      openat: () => ({ id: 1 }),
      read: () => (ready ? encodeUtf8('late') : LATER),
    });
    const fd = open(client);
    machine.services.push({ poll: () => void (ready = true) });
    expect(decodeUtf8(client.files.read(fd))).equal('late');
  });

  it('answers EAGAIN instead of parking when the handle does not block', () => {
    const { client } = serving({ openat: () => ({ id: 1 }), read: () => LATER });
    const fd = open(client, Open.RDONLY + Open.NONBLOCK);
    expect(errnoOf(() => client.files.read(fd))).equal(Errno.EAGAIN);
  });

  it('lets the kernel move bytes of memory objects', () => {
    const machine: { os?: Os } = {};
    const objects: number[] = [];
    const object = () => (objects[0] ??= machine.os?.files.open('/scheme/memory/object', Open.RDWR) ?? 0);
    const { client, os } = serving({
      openat: () => ({ id: 1, positioned: true }),
      read: (_id, _length, offset) => ({ object: object(), offset }),
      write: (_id, _bytes, offset) => ({ object: object(), offset }),
    });
    machine.os = os;
    const fd = open(client);
    client.files.write(fd, encodeUtf8('stored by the kernel'));
    client.files.seek(fd, 10);
    expect(decodeUtf8(client.files.read(fd))).equal('the kernel');
  });

  it('gets descriptors that are sent to it', () => {
    const got: string[] = [];
    const machine: { os?: Os } = {};
    const { client, os } = serving({
      openat: () => ({ id: 1 }),
      sendfd: (_id, sent) => {
        const [fd = -1] = sent.take();
        got.push(decodeUtf8(machine.os?.files.read(fd) ?? new Uint8Array()));
        return sent.count;
      },
    });
    machine.os = os;
    const [read, write] = client.files.pipe();
    client.files.write(write, encodeUtf8('through a pipe'));
    expect(client.calls.sendFds(open(client), [read], [5], true)).equal(1);
    expect(got).deep.equal(['through a pipe']);
  });

  it('turns its own fault into EIO for the client, and says it', () => {
    const { client, machine } = serving({
      openat: () => {
        throw new TypeError('a bug of the service');
      },
    });
    expect(errnoOf(() => open(client))).equal(Errno.EIO);
    expect(machine.console.printed).include('a bug of the service');
  });

  it('forgets a handle when its last descriptor is closed', () => {
    const closed: number[] = [];
    const { client, server } = serving({ openat: () => ({ id: 9 }), close: (id) => void closed.push(id) });
    const fd = open(client);
    const copy = client.files.duplicate(fd);
    client.files.close(fd);
    server.poll();
    expect(closed).deep.equal([]);
    client.files.close(copy);
    server.poll();
    expect(closed).deep.equal([9]);
  });

  it('hands its state and parked requests to a successor', () => {
    const scheme = (value: string | undefined): Scheme => ({
      openat: () => ({ id: 1 }),
      read: () => (value === undefined ? LATER : encodeUtf8(value)),
      carry: () => ({ handles: [1] }),
    });
    const { client, machine, os, server } = serving(scheme(undefined));
    const fd = open(client);
    let successor: SchemeServer | undefined;
    machine.services.push({
      poll: () => {
        if (successor || server.parkedTags.length === 0) return;
        const carried = server.carry();
        expect(carried.state).deep.equal({ handles: [1] });
        machine.services.splice(machine.services.indexOf(server), 1);
        const heir = Object.assign(Object.create(os) as Os, {
          carried: JSON.parse(JSON.stringify(carried)) as unknown,
        });
        successor = new SchemeServer(heir, scheme('from the successor'), carried.socket);
        machine.services.push(successor);
      },
    });
    expect(decodeUtf8(client.files.read(fd))).equal('from the successor');
  });
});
