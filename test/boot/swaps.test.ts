import { expect } from 'chai';
import { tapIn } from '../../core/hooks/untap.js';
import { Scope } from '../../core/lifecycle/scope.js';
import { definePlugin } from '../../core/plugin/plugin.js';
import { until } from '../support/until.js';
import { boot } from './machine.js';
import type { Booted } from './machine.js';

const SWAPS = 100;
const RDI = 7;
/** Writes numbered lines until somebody makes a file, and says how many. */
const writer = (path: string) =>
  `i=0; while [ ! -e /tmp/enough ]; do echo line $i >> ${path}; i=$((i+1)); done; echo $i`;
const lines = (count: string) => Array.from({ length: Number(count) }, (_, i) => `line ${i}\n`).join('');

describe('a swap under load', function () {
  this.timeout(110_000);
  let machine: Booted;
  before(async () => void (machine = await boot()));
  after(() => machine.close());
  beforeEach(() => machine.run('rm -f /tmp/*'));

  const swapOften = async (name: string) => {
    for (let i = 0; i < SWAPS; i++) await machine.swap(name);
  };
  const exists = (test: string) => machine.run(`while ! [ ${test} ]; do :; done`);

  it('of the file system, 100 times, loses and doubles no byte and leaves nothing behind', async () => {
    await machine.swap('ramfs');
    const before = await machine.holdings();
    const writing = machine.run(writer('/tmp/load'));
    await exists('-s /tmp/load');
    await swapOften('ramfs');
    await machine.run('touch /tmp/enough');
    const { status, output } = await writing;
    expect(status).to.equal(0);
    expect((await machine.run('cat /tmp/load')).output).to.equal(lines(output));
    await machine.run('rm /tmp/*');
    await machine.holdsOnly(before);
  });

  it('of the file system goes unnoticed by a program that has a file mapped', async () => {
    await machine.run('head -c 32768 /dev/zero > /tmp/words');
    const counting = machine.run('mapped <> /tmp/words');
    await until(() => machine.pidOf('mapped') > 0);
    await swapOften('ramfs');
    await machine.run('echo x 1<> /tmp/words');
    const { status, output } = await counting;
    expect([status, output].join()).to.match(/^0,\d+\n$/);
    // It goes on from the round that it finds, and complains about every word that is of another.
    const again = await machine.run('head -c 8 /dev/zero 1<> /tmp/words; mapped once <> /tmp/words');
    expect(again).to.deep.equal({ status: 0, output: `${Number(output) + 1}\n` });
  });

  it('of the serial port, 100 times, loses and doubles no byte and leaves nothing behind', async () => {
    let shown = '';
    const before = await machine.holdings();
    const forget = machine.session.console!.onOutput((bytes) => (shown += Buffer.from(bytes).toString()));
    const writing = machine.run(writer('/scheme/debug'));
    await until(() => shown.includes('line 3\n'));
    await swapOften('serial16550');
    await machine.run('touch /tmp/enough');
    const { output } = await writing;
    await until(() => shown.includes(`line ${Number(output) - 1}\n`));
    forget();
    expect(shown.match(/line \d+\r?\n/g)?.join('')).to.equal(lines(output));
    await machine.holdsOnly(before);
  });

  for (const service of ['procmgr', 'logd', 'nulld', 'zerod', 'randd', 'ptyd'])
    it(`of ${service} goes unnoticed by those who start programs and use all services`, async () => {
      const before = await machine.holdings();
      const work =
        'echo x > /dev/null; head -c 5 /dev/zero | wc -c; head -c 5 /dev/random | wc -c; echo log > /scheme/log/test; (exit 3); echo $?';
      const working = machine.run(`while [ ! -e /tmp/enough ]; do ${work}; done`);
      for (let i = 0; i < SWAPS / 10; i++) await machine.swap(service);
      await machine.run('touch /tmp/enough');
      const { status, output } = await working;
      expect([status, output.replaceAll('5\n5\n3\n', '')]).to.deep.equal([0, '']);
      await machine.run('rm /tmp/enough');
      await machine.holdsOnly(before);
    });

  it('of a service waits while the processor is about to leave its stack', async () => {
    const { session } = machine;
    const { kernel } = machine.kernel;
    const guest = kernel.guest(kernel.listContexts().find(({ name }) => name === 'zerod')!);
    const scope = new Scope('test');
    const leaves = () => session.machine.cpu.registers.get(RDI) === guest.address;
    scope.use('breakpoint', () => session.machine.cpu.addBreakpoint(kernel.symbol('context_switch'), leaves));
    const stacks: bigint[][] = [];
    tapIn(scope, session.machine.hooks.stop, { name: 'test' }, () => {
      const before = guest.rsp;
      setTimeout(() => {
        stacks.push([before, guest.rsp]);
        session.machine.resume();
      }, 1);
      return undefined;
    });
    for (let i = 0; i < SWAPS / 10; i++) await machine.swap('zerod');
    await scope.close();
    expect(stacks).not.to.deep.equal([]);
    for (const [before, after] of stacks) expect(after).to.equal(before);
    expect((await machine.run('head -c 5 /dev/zero | wc -c')).output).to.equal('5\n');
  });

  it('of a device whose replacement throws at its start changes nothing', async () => {
    const broken = definePlugin({
      name: 'serial16550',
      needs: ['ports'],
      start({ scope, use }) {
        scope.use('port', () => use.ports.claim(0x3f8, 8, { read8: () => 0, write8: () => undefined }));
        throw new Error('not today');
      },
    });
    const before = await machine.holdings();
    expect(String(await machine.swap(broken).catch((error: unknown) => error))).to.include('not today');
    await machine.holdsOnly(before);
    expect((await machine.run('echo still here > /scheme/debug; echo $?')).output).to.equal('0\n');
  });

  const failures = {
    'throws at its start': 'throw new Error("not today")',
    'ends at once': '0',
    'does not compile': 'let let',
  };
  for (const [fault, code] of Object.entries(failures)) {
    it(`of a service whose replacement ${fault} changes nothing, and its clients notice nothing`, async () => {
      const before = await machine.holdings();
      await machine.run('echo kept > /tmp/kept');
      const writing = machine.run(writer('/tmp/load'));
      await exists('-s /tmp/load');
      const failure = await machine.replace('ramfs', code).catch((error: unknown) => error);
      expect(String(failure)).to.include('ramfs');
      await machine.run('touch /tmp/enough');
      const { status, output } = await writing;
      expect(status).to.equal(0);
      expect((await machine.run('cat /tmp/load')).output).to.equal(lines(output));
      expect((await machine.run('cat /tmp/kept; rm /tmp/*')).output).to.equal('kept\n');
      await machine.holdsOnly(before);
    });
  }
});
