import { expect } from 'chai';
import { execFileSync, spawn, spawnSync } from 'node:child_process';
import { closeSync, mkdtempSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { Errno } from '../../../../core/abi/errno.js';
import { errnoOf } from '../vfs/testing.js';
import { HostInput } from './host-input.js';
import { HostOutput } from './host-output.js';
import { InheritedFile } from './inherited-file.js';

const FIXTURE = join(import.meta.dirname, 'terminal-fixture.ts');

/** Runs the fixture on a pty of its own, types `keys` in turn, each once `expected` output is there. */
const DRIVER = `
import os, pty, select, sys, termios, time
steps = eval(sys.argv[1])
pid, fd = pty.fork()
if pid == 0:
    os.execvp(sys.argv[2], sys.argv[2:])
before = termios.tcgetattr(fd)
seen = b''
deadline = time.time() + 15
def pump(text):
    global seen
    while text not in seen and time.time() < deadline:
        if select.select([fd], [], [], 0.1)[0]:
            try: part = os.read(fd, 4096)
            except OSError: return
            if not part: return
            seen += part
for text, keys in steps:
    pump(text.encode())
    os.write(fd, keys.encode())
raw = termios.tcgetattr(fd)
pump(b'\\0never')
_, status = os.waitpid(pid, 0)
after = termios.tcgetattr(fd)
print(repr(seen.decode()), os.waitstatus_to_exitcode(status), before == after, before != raw)
`;

interface PtyRun {
  readonly seen: string;
  readonly status: string;
  readonly restored: boolean;
}

function onPty(steps: [expected: string, keys: string][]): PtyRun {
  const node = [process.execPath, '--import=tsx', FIXTURE];
  const list = `[${steps.map(([a, b]) => `(${JSON.stringify(a)}, ${JSON.stringify(b)})`).join(',')}]`;
  const out = execFileSync('python3', ['-c', DRIVER, list, ...node], { encoding: 'utf8' }).trim();
  const [, seen = '', status = '', restored] = /^(.*) (-?\d+) (True|False) (True|False)$/s.exec(out) ?? [];
  return { seen, status, restored: restored === 'True' };
}

const hasPython = spawnSync('python3', ['--version']).status === 0;

describe('the host terminal (needs python3 for a pty)', function () {
  this.timeout(60_000);
  before(function () {
    if (!hasPython) this.skip();
  });

  it('reads lines, turns ^C into a signal, ends at ^D, and is restored at exit', () => {
    const run = onPty([
      ['size ', 'abc\x7fd\r'],
      ['read ', '\x03'],
      ['signal 2', '\x04'],
    ]);
    expect(run.seen).to.include('read "abd\\\\n"').and.include('signal 2').and.include('^C');
    expect(run).to.include({ status: '3', restored: true });
  });

  it('is restored when the process throws', () => {
    const run = onPty([['size ', 'throw\r']]);
    expect(run.seen).to.include('Error: thrown');
    expect(run).to.include({ status: '1', restored: true });
  });

  it('is restored when a signal kills the process, which still dies by it', () => {
    expect(onPty([['size ', 'die\r']])).to.include({ status: '-15', restored: true });
  });
});

describe('standard streams that are no terminal', () => {
  let folder: string;
  beforeEach(() => (folder = mkdtempSync(join(tmpdir(), 'stdio-'))));
  afterEach(() => rmSync(folder, { recursive: true }));

  it('two descriptors of one file write behind each other, as the host does', () => {
    const path = join(folder, 'log');
    const fd = openSync(path, 'w');
    const [out, err] = [new InheritedFile(fd), new InheritedFile(fd)];
    out.write(Buffer.from('one '));
    err.write(Buffer.from('two '));
    out.write(Buffer.from('three'));
    expect(readFileSync(path, 'utf8')).to.equal('one two three');
    expect(err.position).to.equal(13);
    closeSync(fd);
  });

  it('an inherited file is read from where it stands, and from elsewhere after a seek', () => {
    const path = join(folder, 'in');
    writeFileSync(path, '0123456789');
    const file = new InheritedFile(openSync(path, 'r'));
    const bytes = new Uint8Array(2);
    file.read(bytes);
    expect(file.position).to.equal(2);
    file.seek(8);
    expect(file.read(bytes)).to.equal(2);
    expect(Buffer.from(bytes).toString()).to.equal('89');
    expect([file.position, file.read(bytes)]).to.deep.equal([10, 0]);
    closeSync(file.fd);
  });

  it('input is read once it is asked for, in pieces, and then ends', async () => {
    const stream = new PassThrough();
    let changes = 0;
    const input = new HostInput(
      () => stream,
      () => changes++,
    );
    expect(stream.listenerCount('data')).to.equal(0);
    expect(input.read(4)).to.equal(undefined);
    stream.end('hello');
    await new Promise((done) => setImmediate(done));
    expect(Buffer.from(input.read(4) ?? []).toString()).to.equal('hell');
    expect(Buffer.from(input.read(4) ?? []).toString()).to.equal('o');
    await new Promise((done) => setImmediate(done));
    expect(input.read(4)).to.deep.equal(new Uint8Array());
    expect(changes).to.be.greaterThan(0);
  });

  it('input stops reading 64 KiB ahead', async () => {
    const stream = new PassThrough();
    const input = new HostInput(
      () => stream,
      () => undefined,
    );
    input.read(1);
    for (let i = 0; i < 64; i++) stream.write(Buffer.alloc(16_384));
    await new Promise((done) => setImmediate(done));
    expect(input.available).to.be.lessThan(2 ** 17);
    expect(stream.isPaused()).to.equal(true);
  });

  it('output to a full pipe takes nothing and tells when to go on; EPIPE when the reader is gone', async function () {
    if (process.platform !== 'linux') this.skip();
    const path = join(folder, 'pipe');
    execFileSync('mkfifo', [path]);
    const reader = spawn('sh', ['-c', `exec < ${path}; sleep 0.3; head -c 100000 > /dev/null`]);
    const fd = openSync(path, 'w');
    let drained: () => void = () => undefined;
    const output = new HostOutput(fd, () => drained());
    const bytes = new Uint8Array(65_536);
    const fill = () => {
      while (output.write(bytes) > 0);
    };
    fill();
    expect(output.writable).to.equal(false);
    const errno = await new Promise<number>((done) => {
      drained = () => {
        const failure = errnoOf(fill);
        if (failure !== 0) done(failure);
      };
    });
    expect(errno).to.equal(Errno.EPIPE);
    output.close();
    closeSync(fd);
    reader.kill();
  });
});
