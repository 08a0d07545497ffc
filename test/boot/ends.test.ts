import { expect } from 'chai';
import { childWith, halfcell } from './command-line.js';
import { boot } from './machine.js';

const MESSAGE = 'halfcell: the process with the machine died by SIGKILL; what was not saved is lost\n';

describe('halfcell boot', function () {
  this.timeout(60_000);
  const waiting = (command: string) => halfcell(['boot', '--exec', command]);

  it('reads piped input as a shell does, and ends with its status', async () => {
    const { out, status, err } = await halfcell(['boot'], 'echo a"b"c\nls /; exit 3\n').ended;
    expect([status, err]).to.deep.equal([3, '']);
    expect(out)
      .to.match(/^.*# abc\r$/m)
      .and.match(/# bin +dev /);
  });

  it('ends with the last status when its input ends, whoever reads it', async () => {
    expect((await halfcell(['boot'], 'false').ended).status).to.equal(1);
    const { out, status } = await halfcell(['boot'], 'fault spin &\nsleep 1000 & cat\nlast words').ended;
    // Once from the terminal's echo, once from cat.
    expect([status, out.match(/last words/g)?.length]).to.deep.equal([0, 2]);
  });

  for (const [signal, status] of [
    ['SIGTERM', 143],
    ['SIGHUP', 129],
    ['SIGINT', 130],
  ] as const) {
    it(`ends with status ${status} after ${signal}`, async () => {
      const { child, until, ended } = waiting('echo ready; sleep 1000');
      await until(/ready/);
      child.kill(signal);
      expect(await ended).to.deep.equal({ status, out: 'ready\n', err: '' });
    });
  }

  it('says so, and ends with status 137, when its inner process is killed', async () => {
    const { child, until, ended } = waiting('echo ready; sleep 1000');
    await until(/ready/);
    process.kill(childWith(child.pid!, 'halfcell.js'), 'SIGKILL');
    expect(await ended).to.deep.equal({ status: 137, out: 'ready\n', err: MESSAGE });
  });

  it('ends quietly with status 141 when nobody reads its output any more', async () => {
    const { child, until, ended } = waiting('while :; do echo more; done');
    await until(/more/);
    child.stdout?.destroy();
    const { status, err } = await ended;
    expect([status, err]).to.deep.equal([141, '']);
  });

  it('says so when a program overran the memory of V8 at one go, and has gone on until then', async () => {
    const program = '#!isolate\\nnew Array(2 ** 27).fill(1.5)\\n';
    const command = `printf '${program}' > /tmp/x; chmod +x /tmp/x; /tmp/x; echo $?; ls / | wc -l; exit 5`;
    const { status, out, err } = await waiting(command).ended;
    expect([status, out]).to.deep.equal([5, '1\n8\n']);
    expect(err).to.match(/^$|halfcell: 1 program overran V8's memory and could not be contained; .*\n$/);
  });

  it('has an init that no signal ends', async () => {
    const { status, out } = await waiting('kill -9 1; kill -TERM 1; echo $?; ls / | wc -l').ended;
    expect([status, out]).to.deep.equal([0, '0\n8\n']);
  });

  for (const [program, status] of Object.entries({ procmgr: 1, init: 1 })) {
    it(`ends with status ${status} when ${program} dies`, async () => {
      const machine = await boot();
      const { kernel } = machine.kernel;
      const context = kernel.listContexts().find(({ name }) => name === program)!;
      machine.kernel.outside(() => kernel.kill(context));
      expect((await machine.session.machine.finished).status).to.equal(status);
      await machine.close();
    });
  }
});
