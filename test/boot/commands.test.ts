import { expect } from 'chai';
import { boot } from './machine.js';
import type { Booted } from './machine.js';

describe('a command in the shell of a booted machine', function () {
  this.timeout(60_000);
  let machine: Booted;
  before(async () => void (machine = await boot()));
  after(() => machine.close());

  const statuses = {
    true: 0,
    'exit 7': 7,
    false: 1,
    'nothing-here': 127,
    '/etc/hostname': 126,
    primes: 2,
    'fault null': 139,
    'fault write': 139,
    'fault divide': 136,
    'fault illegal': 132,
    'fault stack': 139,
  };
  for (const [command, status] of Object.entries(statuses))
    it(`ends with status ${status}: ${command}`, async () =>
      expect((await machine.run(command)).status).to.equal(status));

  it('may be a pipeline of isolates and native programs', async () => {
    expect(await machine.run('echo hello | upper | wc -c')).to.deep.equal({ status: 0, output: '6\n' });
    expect((await machine.run('primes 100 | tail -n 3')).output).to.equal('521\n523\n541\n');
  });

  it('that throws ends with status 1, and says where', async () => {
    await machine.install('/tmp/broken', '#!isolate\nthrow new Error("not my day")');
    expect((await machine.run('/tmp/broken')).status).to.equal(1);
    expect((await machine.run('cat /scheme/sys/log')).output).to.match(
      /broken \(context \d+\) throw: not my day/,
    );
  });

  it('that shuts the machine down gives it its status', async () => {
    const other = await boot();
    void other.run('echo shutdown 42 > /scheme/sys/kstop').catch(() => undefined);
    expect((await other.session.machine.finished).status).to.equal(42);
    await other.close();
  });
});
