import { expect } from 'chai';
import { mkdtempSync, readFileSync, readlinkSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Errno } from '../../../../core/abi/errno.js';
import { Open, StdFsCall } from '../../../../core/abi/flags.js';
import { TimeSpec } from '../../../../core/abi/structs.js';
import { Description, UserBuffer } from '../../files/description.js';
import type { Caller } from '../../files/description.js';
import { HostScheme } from './host-scheme.js';

const caller = { context: { attributes: { euid: 0, egid: 0 } } } as unknown as Caller;

/** What no program of good will passes on, as an offset, a size, a cursor or a number of bytes. */
const HOSTILE = [NaN, -1, -(2 ** 63), 0.5, 2 ** 31, 2 ** 32, 2 ** 53, 2 ** 60, 2 ** 63, 2 ** 64, Infinity];

/** Bytes of a program, all there. */
function bufferOf(bytes: Uint8Array): UserBuffer {
  const memory = {
    read: (at: number, length: number) => bytes.subarray(at, at + length),
    write: (at: number, part: Uint8Array) => bytes.set(part, at),
    prepareWrite: () => undefined,
  };
  return new UserBuffer(memory, 0, bytes.length);
}

describe('a folder of the host as a scheme', () => {
  let folder: string;
  let scheme: HostScheme;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'host-scheme-'));
    writeFileSync(join(folder, 'file'), 'content');
    scheme = new HostScheme({ id: 1, name: 'host', hostPath: folder, readOnly: false, nowNs: () => 0 });
  });
  afterEach(() => {
    scheme.shutdown();
    rmSync(folder, { recursive: true });
  });

  function open(path: string, flags: number): Description {
    const opened = scheme.openat(caller, scheme.root(), path, flags);
    if (!(opened instanceof Description)) throw new Error(`open answers ${String(opened)}`);
    return opened;
  }

  const errnoOr = (outcome: unknown): number => {
    expect(outcome).to.be.a('number');
    return outcome as number;
  };

  it('answers an errno to every offset that the host refuses', () => {
    const file = open('file', Open.RDWR);
    for (const offset of HOSTILE) {
      errnoOr(scheme.read(caller, file, bufferOf(new Uint8Array(4)), offset));
      errnoOr(scheme.write(caller, file, bufferOf(Uint8Array.of()), offset, 0));
    }
    expect(readFileSync(join(folder, 'file'), 'latin1')).to.equal('content');
  });

  it('answers an errno to every size that the host refuses', () => {
    const file = open('file', Open.RDWR);
    // Sizes that it may grant would leave large files behind.
    for (const size of HOSTILE.filter((each) => !(each >= 2 ** 31 && each <= 2 ** 32)))
      errnoOr(scheme.stdFs(caller, file, bufferOf(new Uint8Array()), [StdFsCall.FTRUNCATE, size]));
    expect(scheme.stdFs(caller, file, bufferOf(new Uint8Array()), [StdFsCall.FTRUNCATE, 3])).to.equal(0);
    expect(readFileSync(join(folder, 'file'), 'latin1')).to.equal('con');
  });

  it('lists nothing for cursors and header sizes that are none', () => {
    const directory = open('', Open.DIRECTORY);
    const list = (cursor: number, header: number) =>
      errnoOr(
        scheme.stdFs(caller, directory, bufferOf(new Uint8Array(256)), [StdFsCall.GETDENTS, cursor, header]),
      );
    for (const value of HOSTILE) {
      list(value, 19);
      list(0, value);
      list(value, value);
    }
    expect(list(0, 19)).to.be.greaterThan(0);
    expect(list(0, NaN)).to.equal(-Errno.EINVAL);
  });

  it('answers an errno to owners, modes and times that are none', () => {
    const file = open('file', Open.RDWR);
    for (const value of HOSTILE) {
      errnoOr(scheme.fchown(caller, file, value, value));
      errnoOr(scheme.stdFs(caller, file, bufferOf(new Uint8Array()), [StdFsCall.FCHMOD, value]));
    }
    for (const sec of [-(2 ** 53), 2 ** 53 - 1, 2 ** 62, -1]) {
      const times = new Uint8Array(2 * TimeSpec.sizeBytes);
      times.set(TimeSpec.encode({ sec, nsec: 0 }));
      times.set(TimeSpec.encode({ sec, nsec: 999_999_999 }), TimeSpec.sizeBytes);
      errnoOr(scheme.stdFs(caller, file, bufferOf(times), [StdFsCall.FUTIMENS]));
    }
  });

  it('makes symbolic links, but none to a name with a NUL', () => {
    const link = (target: string) =>
      errnoOr(
        scheme.write(caller, open('link', Open.CREAT | Open.SYMLINK), bufferOf(Buffer.from(target)), 0, 0),
      );
    expect([link('a\0b'), link(''), link('x'.repeat(5000))]).to.deep.equal([
      -Errno.EINVAL,
      -Errno.ENOENT,
      -Errno.ENAMETOOLONG,
    ]);
    expect(link('file')).to.equal(4);
    expect(readlinkSync(join(folder, 'link'))).to.equal('file');
    expect(link('other')).to.equal(-Errno.EEXIST);
  });

  it('answers an errno to every open flag and path', () => {
    for (const path of [
      '',
      '/',
      '..',
      '../..',
      'file/',
      'file/x',
      'a\0b',
      '\0',
      'x'.repeat(300),
      'x/'.repeat(3000),
      '\udc80',
    ])
      for (let bit = 0; bit < 32; bit++) {
        const opened = scheme.openat(caller, scheme.root(), path, 2 ** bit);
        if (opened instanceof Description) scheme.close(undefined, opened);
        else errnoOr(opened);
        errnoOr(scheme.unlinkat(caller, scheme.root(), path === 'file/' ? '' : path, 2 ** bit));
      }
  });
});
