import { expect } from 'chai';
import { busybox, halfcell, needsBusybox } from './halfcell.js';

describe('halfcell run --strace (needs a static busybox)', function () {
  this.timeout(30_000);
  before(needsBusybox);

  async function trace(script: string) {
    const { status, stdout, stderr } = await halfcell(['--strace', busybox!, 'sh', '-c', script]);
    return { status, stdout, lines: stderr.trimEnd().split('\n') };
  }

  it('shows calls with arguments, results and errors on standard error, the program output beside it', async () => {
    const { stdout, lines } = await trace('echo hello; cat /nothing');
    expect(stdout).to.equal('hello\n');
    expect(lines).to.include(`${'write(1, "hello\\n", 6)'.padEnd(39)} = 6`);
    expect(
      lines.some((line) =>
        /open\w*\(.*"\/nothing".*\) += -1 ENOENT \(No such file or directory\)$/.test(line),
      ),
    ).to.equal(true);
  });

  it('begins with how the program came to be', async () => {
    const { lines } = await trace('exit');
    expect(lines[0]).to.match(
      /^execve\("\/.*busybox", \["\/.*busybox", "sh", "-c", "exit"\], 0x7f\w+ \/\* \d vars \*\/\) = 0$/,
    );
  });

  it('ends with how the program ended', async () => {
    const { status, lines } = await trace('exit 3');
    expect(status).to.equal(3);
    expect(lines.slice(-2).join('\n')).to.match(/^exit_group\(3\) += \?\n\+\+\+ exited with 3 \+\+\+$/);
  });

  it('shows a signal once, and the death by it', async () => {
    const { status, lines } = await trace('kill -TERM $$');
    expect(status).to.equal(143);
    expect(lines.slice(-2)).to.deep.equal([
      '--- SIGTERM {si_signo=SIGTERM, si_code=SI_USER, si_pid=1, si_uid=0} ---',
      '+++ killed by SIGTERM +++',
    ]);
  });

  it('tells processes apart, and cuts the lines of calls that wait', async () => {
    const { lines } = await trace('sleep 0.5 | cat; true');
    const text = lines.join('\n');
    expect(text).to.match(/\[pid +\d+\] read\(0, +<unfinished \.\.\.>/);
    expect(text).to.match(/<\.\.\. read resumed>"", \d+\) += 0/);
    expect(text).to.match(/\[pid +\d+\] \+\+\+ exited with 0 \+\+\+/);
  });

  it('shows a call that a signal interrupts as Linux itself ends it', async () => {
    const { lines } = await trace('trap "echo usr" USR1; (sleep 0.05; kill -USR1 $$) & wait; exit 0');
    const text = lines.join('\n');
    expect(text)
      .to.include('--- SIGUSR1 {si_signo=SIGUSR1, si_code=SI_USER, si_pid=')
      .and.include('rt_sigreturn(');
    expect(text).to.match(/= \? ERESTART\w+ \(/);
  });

  it('shows a stop, and the signal mask that a handler leaves', async () => {
    const { lines } = await trace(
      'sleep 10 & sleep 0.05; kill -STOP $!; sleep 0.05; kill -9 $!; trap : USR1; kill -USR1 $$; exit',
    );
    const text = lines.join('\n');
    expect(text)
      .to.match(/\[pid +\d+\] --- stopped by SIGSTOP ---/)
      .and.match(/rt_sigreturn\(\{mask=\[.*\]\}\) +=/);
  });

  it('shows a pointer that cannot be read as it is', async () => {
    const { lines } = await trace('ls /proc/self/fd > /dev/null');
    expect(lines.every((line) => !line.includes('undefined') && !line.includes('NaN'))).to.equal(true);
  });
});
