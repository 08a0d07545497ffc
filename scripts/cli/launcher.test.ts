import { expect } from 'chai';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

const FIXTURE = fileURLToPath(new URL('launcher-fixture.ts', import.meta.url));

function launch(behaviour: string) {
  const child = spawn(process.execPath, ['--import', 'tsx', FIXTURE, behaviour], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const text = { out: '', err: '' };
  child.stdout.on('data', (chunk: Buffer) => (text.out += chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => (text.err += chunk.toString()));
  const ended = once(child, 'close').then(([status]) => ({ status: status as number | null, ...text }));
  const ready = async () => {
    while (!text.out.includes('ready')) await once(child.stdout, 'data');
    return Number(/ready (\d+)/.exec(text.out)?.[1]);
  };
  return { child, ended, ready };
}

const isAlive = (pid: number) => {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
};

describe('the launcher', () => {
  it("exits with its child's status", async () =>
    expect(await launch('exit').ended).to.deep.equal({ status: 42, out: '', err: '' }));

  it('starts the child with the flag that isolates need', async () =>
    expect((await launch('flag').ended).status).to.equal(5));

  it('says that programs overran V8 and keeps the status, though the child had to kill itself', async () => {
    const { status, err } = await launch('lost').ended;
    expect(status).to.equal(3);
    expect(err).to.match(/^halfcell: 2 programs overran V8's memory and could not be contained; [^\n]+\n$/);
  });

  it('prints the one line about a machine that broke once, with its status', async () =>
    expect(await launch('broken').ended).to.deep.equal({
      status: 1,
      out: '',
      err: 'halfcell: the disk is gone; set HALFCELL_DEBUG=1 to see where\n',
    }));

  it('prints one line about what nobody caught, and ends', async () =>
    expect(await launch('uncaught').ended).to.deep.equal({
      status: 1,
      out: '',
      err: 'halfcell: nobody caught this; set HALFCELL_DEBUG=1 to see where\n',
    }));

  it('ends quietly, as SIGPIPE would end it, when nobody reads its output any more', async () => {
    const { child, ended } = launch('unread');
    child.stdout.once('data', () => child.stdout.destroy());
    const { status, err } = await ended;
    expect([status, err]).to.deep.equal([141, '']);
  });

  it('says by which signal the child died, and exits with 128 plus its number', async () => {
    const { status, err } = await launch('crash').ended;
    expect(err).to.equal(
      'halfcell: the process with the machine died by SIGSEGV; what was not saved is lost\n',
    );
    expect(status).to.equal(139);
  });

  for (const signal of ['SIGTERM', 'SIGINT'] as const) {
    it(`hands ${signal} on`, async () => {
      const { child, ended, ready } = launch('signal');
      await ready();
      child.kill(signal);
      expect(await ended)
        .to.include({ status: 9, err: '' })
        .and.to.have.property('out')
        .that.includes(`got ${signal}`);
    });
  }

  it('takes its child along when it is killed itself', async () => {
    const { child, ended, ready } = launch('signal');
    const pid = await ready();
    child.kill('SIGKILL');
    await ended;
    for (let tries = 0; isAlive(pid) && tries < 100; tries++) await sleep(50);
    expect(isAlive(pid)).to.equal(false);
  });
});
