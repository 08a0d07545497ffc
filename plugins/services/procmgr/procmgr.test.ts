import { expect } from 'chai';
import { Errno } from '../../../core/abi/errno.js';
import {
  decodeWaitStatus,
  NsDup,
  NsPermission,
  ProcCall,
  Signal,
  WaitFlag,
} from '../../../core/abi/process-manager.js';
import { encodeWords } from '../../../core/abi/wire.js';
import { NamespaceCalls } from '../runtime/namespace-calls.js';
import { PosixError } from '../runtime/posix-error.js';
import { withSystem } from '../runtime/testing/boot.js';
import { concat, encodeUtf8 } from '../runtime/utf8.js';
import { Bootstrap } from './bootstrap.js';
import { ProcessTable } from './process-table.js';
import type { Os } from '../runtime/os.js';

const errnoOf = (act: () => unknown): number | undefined => {
  try {
    act();
  } catch (error) {
    if (error instanceof PosixError) return error.errno;
    throw error;
  }
  return undefined;
};

const exit7 = () => 7;
const throws = () => {
  throw new Error('broken');
};
const programs = { exit7, throws };
const start = (os: Os, name: string) => os.spawn(`/usr/bin/${name}`, { argv: [name] });
const end = (os: Os, pid: number) => decodeWaitStatus(os.processes.wait(pid)?.status ?? -1);

describe('the process manager', () => {
  it('tells a parent how its child ended', () =>
    withSystem(
      (os) => {
        expect(end(os, start(os, 'exit7'))).deep.equal({ kind: 'exited', code: 7 });
        expect(end(os, start(os, 'throws'))).deep.equal({ kind: 'exited', code: 1 });
      },
      { programs },
    ));

  it('gives out a child once, and ECHILD when there is none', () =>
    withSystem(
      (os) => {
        const pid = start(os, 'exit7');
        expect(os.processes.wait(0)?.pid).equal(pid);
        expect(errnoOf(() => os.processes.wait(0))).equal(Errno.ECHILD);
        expect(errnoOf(() => os.processes.wait(os.processes.meta().pid))).equal(Errno.EINVAL);
      },
      { programs },
    ));

  it('leaves no child behind when a program cannot be started', () =>
    withSystem(
      (os) => {
        expect(errnoOf(() => os.spawn('/etc/passwd', { argv: ['x'] }))).equal(Errno.EACCES);
        expect(errnoOf(() => os.spawn('/nothing', { argv: ['x'] }))).equal(Errno.ENOENT);
        expect(errnoOf(() => os.processes.wait(0, WaitFlag.NOHANG))).equal(Errno.ECHILD);
      },
      { programs },
    ));

  it('kills, and refuses what cannot be killed', () =>
    withSystem((os) => {
      const { processes } = os;
      expect(errnoOf(() => processes.kill(9999, Signal.TERM))).equal(Errno.ESRCH);
      expect(errnoOf(() => processes.kill(1, 65))).equal(Errno.EINVAL);
      expect(errnoOf(() => processes.kill(1, 0))).equal(undefined);
      expect(errnoOf(() => processes.kill(-4711, Signal.TERM))).equal(Errno.ESRCH);
    }));

  it('lets nobody but root signal others', () =>
    withSystem(
      (os) => {
        const pid = os.spawn('/usr/bin/user', { argv: ['user'], ids: { uid: 1000, gid: 1000 } });
        expect(end(os, pid)).deep.equal({ kind: 'exited', code: 0 });
      },
      {
        programs: {
          user: ({ processes }) => {
            expect(processes.meta()).include({ euid: 1000, egid: 1000, ppid: processes.meta().ppid });
            expect(errnoOf(() => processes.kill(1, Signal.KILL))).equal(Errno.EPERM);
            expect(errnoOf(() => processes.setIds(0, 0))).equal(Errno.EPERM);
            return 0;
          },
        },
      },
    ));

  it('shows a table of processes', () =>
    withSystem(({ files }) => {
      const lines = files.readText('/scheme/proc/ps').trimEnd().split('\n');
      expect(lines[0]).match(/^PID +PGID +PPID +SID +RUID +RGID +EUID +EGID +NTHRD +STATUS +NAME$/);
      expect(lines[1]).match(/^1 +1 +0 +1 .* R +init$/);
      expect(lines.some((line) => line.endsWith('ramfs'))).equal(true);
    }));

  it('says what it does not know', () =>
    withSystem(({ calls, processes, files }) => {
      const verb = (number: number) => errnoOf(() => calls.call(processes.handle, { metadata: [number] }));
      expect([verb(99), verb(ProcCall.SIGQ)]).deep.equal([Errno.EINVAL, Errno.ENOSYS]);
      expect(errnoOf(() => files.readText('/scheme/proc/nothing'))).equal(Errno.ENOENT);
      expect(errnoOf(() => files.subObject(processes.handle, 'nothing'))).equal(Errno.EINVAL);
    }));
});

describe('the namespace manager', () => {
  const list = (os: Os, handle: number) => {
    const fd = os.files.duplicate(handle);
    return errnoOf(() => os.calls.openat(fd, '/scheme/null', 0x1001_0000, 90));
  };

  it('makes a namespace of chosen names', () =>
    withSystem((os) => {
      const names = new NamespaceCalls(os);
      expect(list(os, names.fork(['null']))).equal(undefined);
      expect(list(os, names.fork(['zero', 'nothing']))).equal(Errno.ENODEV);
    }));

  it('withholds the right to make schemes from copies', () =>
    withSystem((os) => {
      const copy = new NamespaceCalls(os).fork(['*']);
      const path = '/scheme/namespace/scheme-creation-cap';
      expect(errnoOf(() => os.calls.openat(copy, path, 0x3_0000, 91))).equal(Errno.EACCES);
    }));

  it('lets a name be registered once, and removed', () =>
    withSystem((os) => {
      const names = new NamespaceCalls(os);
      const root = os.namespace.root('null');
      const register = () => os.calls.sendFds(names.register('again'), [root], [], true);
      register();
      expect(errnoOf(register)).equal(Errno.EEXIST);
      names.unregister('again');
      expect(errnoOf(() => names.unregister('again'))).equal(Errno.ENODEV);
      register();
      expect(errnoOf(() => names.register('bad/name'))).equal(Errno.EINVAL);
    }));

  it('keeps to reduced permissions', () =>
    withSystem((os) => {
      const names = new NamespaceCalls(os);
      const request = encodeWords([NsDup.SHRINK_PERMISSIONS, NsPermission.LIST]);
      const reduced = os.files.subObject(names.handle, request);
      const register = concat([encodeWords([NsDup.ISSUE_REGISTER]), encodeUtf8('x')]);
      expect(errnoOf(() => os.files.subObject(reduced, register))).equal(Errno.EACCES);
      expect(errnoOf(() => os.calls.unlinkat(reduced, '/scheme/null', false))).equal(Errno.EACCES);
    }));
});

describe('the successor of a process manager', () => {
  it('knows processes, handles and namespaces as before', () =>
    withSystem((os, { machine, bootstrap }) => {
      const names = new NamespaceCalls(os);
      const copy = names.fork(['null']);
      const carried = JSON.parse(JSON.stringify(bootstrap.server.carry())) as unknown;
      const first = machine.first ?? os;
      const heir = new Bootstrap(Object.assign(Object.create(first) as Os, { carried }));
      machine.services.splice(machine.services.indexOf(bootstrap), 1, heir);
      expect(os.processes.meta().ppid).equal(1);
      expect(errnoOf(() => os.calls.openat(copy, '/scheme/null', 0x1001_0000, 95))).equal(undefined);
      expect(errnoOf(() => os.calls.openat(copy, '/scheme/zero', 0x1001_0000, 96))).equal(Errno.ENODEV);
      names.unregister('zero');
      expect(errnoOf(() => os.files.readText('/scheme/zero/x'))).equal(Errno.ENODEV);
      expect(end(os, os.spawn('/usr/bin/true', { argv: ['true'] }))).deep.equal({ kind: 'exited', code: 0 });
    }));
});

describe('the table of processes', () => {
  const family = () => {
    const table = new ProcessTable();
    const add = (parent?: ReturnType<ProcessTable['add']>) =>
      table.add(parent, { contextFd: 0, statusFd: 0 });
    const init = add();
    const parent = add(init);
    return { table, init, parent, child: add(parent), other: add(init) };
  };

  it('gives orphans to init', () => {
    const { table, init, parent, child } = family();
    table.ended(parent);
    expect(child.ppid).equal(1);
    table.ended(child);
    expect(table.wait(init, ({ pid }) => pid === child.pid, 0)).deep.equal({ pid: child.pid, status: 0 });
  });

  it('reports a stopped child only to those who ask for it', () => {
    const { table, parent, child } = family();
    child.news = 0x137f;
    expect(table.wait(parent, () => true, 0)).equal(undefined);
    expect(table.wait(parent, () => true, WaitFlag.UNTRACED)).deep.equal({ pid: child.pid, status: 0x137f });
    expect(table.wait(parent, () => true, WaitFlag.UNTRACED)).equal(undefined);
  });

  it('moves children into groups of the own session only', () => {
    const { table, parent, child, other } = family();
    table.setGroup(parent, child.pid, 0);
    expect(child.pgid).equal(child.pid);
    expect(errnoOf(() => table.setGroup(parent, other.pid, 0))).equal(Errno.ESRCH);
    expect(errnoOf(() => table.setGroup(parent, child.pid, 999))).equal(Errno.EPERM);
    expect(errnoOf(() => table.setSession(child))).equal(Errno.EPERM);
    expect(table.setSession(other)).equal(other.pid);
    expect(table.targets(parent, -child.pgid)).deep.equal([child]);
  });

  it('survives as plain data', () => {
    const { table, parent } = family();
    const copy = new ProcessTable();
    copy.restore(JSON.parse(JSON.stringify(table.carry())) as ReturnType<ProcessTable['carry']>);
    expect(JSON.stringify(copy.get(parent.pid))).equal(JSON.stringify(parent));
    expect(copy.add(parent, { contextFd: 1, statusFd: 2 }).pid).equal(5);
  });
});
