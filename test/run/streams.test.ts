import { expect } from 'chai';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  busybox,
  command,
  halfcell,
  needsBusybox,
  runCommand,
  signalled,
  temporaryFolder,
} from './halfcell.js';
import type { Ended } from './halfcell.js';
import { quoted } from './questions.js';

/** A line of bash in which `G` stands for halfcell run busybox. */
function bash(line: string, cwd: string): Promise<Ended> {
  const [file, args] = runCommand(busybox!);
  return command('bash', ['-c', `G() { ${[file, ...args].map(quoted).join(' ')} "$@"; }; ${line}`], { cwd });
}

describe('standard streams of halfcell run (needs a static busybox)', function () {
  this.timeout(30_000);
  before(needsBusybox);
  const folder = temporaryFolder();

  it('bytes go through unchanged', async () => {
    const input = Buffer.from(Array.from({ length: 200_000 }, (_, at) => (at * 7 + (at >> 8)) & 0xff));
    const { stdout, status } = await halfcell([busybox!, 'cat'], { input });
    expect(status).to.equal(0);
    expect(Buffer.from(stdout, 'latin1').equals(input)).to.equal(true);
  });

  it('a writer whose reader is gone ends by SIGPIPE, status 141', async () =>
    expect((await bash('G yes | head -1; echo ${PIPESTATUS[0]}', folder.path)).stdout).to.equal('y\n141\n'));

  it('a writer that waits for its reader loses nothing', async () => {
    const line = 'G seq 1 50000 | (sleep 0.3; sha256sum); seq 1 50000 | sha256sum';
    const [guest, native] = (await bash(line, folder.path)).stdout.split('\n');
    expect(guest).to.equal(native);
  });

  it('input that comes late is waited for, line by line', async () => {
    const line =
      '(sleep 0.2; echo one; sleep 0.1; echo two) | G sh -c "read a; echo got $a; read b; echo $a $b; read c; echo $?"';
    expect((await bash(line.replaceAll('$', '\\$'), folder.path)).stdout).to.equal('got one\none two\n1\n');
  });

  it('files are read and written from where they stand', async () => {
    writeFileSync(join(folder.path, 'in'), '1\n2\n3\n');
    const line = '(read x; G cat; G echo again; echo native) < in > out; G echo end >> out';
    expect((await bash(line, folder.path)).status).to.equal(0);
    expect(readFileSync(join(folder.path, 'out'), 'utf8')).to.equal('2\n3\nagain\nnative\nend\n');
  });

  it('a file is truncated and sought in by the guest', async () => {
    const line =
      'G sh -c "printf 0123456789; dd if=/dev/zero of=/dev/stdout bs=1 count=0 seek=4 2> /dev/null; printf x" > out';
    await bash(line, folder.path);
    expect(readFileSync(join(folder.path, 'out'), 'latin1')).to.match(/^0123/);
  });

  it('both outputs keep apart, and together keep their order', async () => {
    const script = 'for i in 1 2 3; do echo out $i; echo err $i >&2; done';
    expect(await halfcell([busybox!, 'sh', '-c', script])).to.deep.equal({
      status: 0,
      stdout: 'out 1\nout 2\nout 3\n',
      stderr: 'err 1\nerr 2\nerr 3\n',
    });
    const { stdout } = await bash(`G sh -c '${script}' 2>&1`, folder.path);
    expect(stdout).to.equal('out 1\nerr 1\nout 2\nerr 2\nout 3\nerr 3\n');
  });

  it('closed streams are no reason to fail', async () => {
    const { stdout } = await bash('G cat <&-; echo $?; G true >&- 2>&-; echo $?', folder.path);
    expect(stdout).to.equal('0\n0\n');
  });

  const signals = { SIGINT: 130, SIGTERM: 143, SIGHUP: 129, SIGQUIT: 131, SIGUSR2: 140 } as const;
  for (const [signal, status] of Object.entries(signals)) {
    it(`${signal} from the host ends the guest's program: status ${status}`, async () => {
      const ended = await signalled([busybox!, 'tail', '-f', '/proc/self/comm'], signal as NodeJS.Signals);
      expect(ended.status).to.equal(status);
    });
  }

  it('a trap decides itself what a signal from the host does', async () => {
    const script = 'trap "echo caught; exit 4" TERM; echo ready; while :; do sleep 0.02; done';
    expect(await signalled([busybox!, 'sh', '-c', script], 'SIGTERM')).to.include({
      status: 4,
      stdout: 'ready\ncaught\n',
    });
  });
});
