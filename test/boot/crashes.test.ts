import { expect } from 'chai';
import { Sys } from '../../core/abi/syscalls.js';
import { until } from '../support/until.js';
import { boot } from './machine.js';
import type { Booted } from './machine.js';

const DEATHS = 3;
/** Prints the number of every line that it could write. */
const writer =
  'i=0; while [ ! -e /tmp/enough ]; do echo line $i >> /tmp/load && echo $i; i=$((i+1)); done 2> /dev/null';

describe('a service that dies', function () {
  this.timeout(110_000);
  let machine: Booted;
  // A machine each: what dies too often in a short time is not kept.
  beforeEach(async () => void (machine = await boot()));
  afterEach(() => machine.close());

  const contextOf = (name: string) => machine.ps().find((row) => row.name === name)?.id ?? -1;
  /** Ends the program as only the kernel can, and waits for the next one to serve. */
  const die = async (name: string) => {
    const { kernel } = machine.kernel;
    const before = contextOf(name);
    machine.kernel.outside(() => kernel.kill(kernel.contexts.get(before)!));
    await until(() => contextOf(name) > before);
  };

  /** Native code runs for a while. */
  const counts = async () => {
    const { cpu } = machine.session.machine;
    const enough = cpu.retired + 2_000_000;
    await until(() => cpu.retired > enough);
  };

  for (const service of ['nulld', 'zerod', 'randd', 'ramfs']) {
    it(`is there again as the same process: ${service}`, async () => {
      const before = await machine.holdings();
      const pid = machine.pidOf(service);
      expect((await machine.run(`kill -9 ${pid}; echo $?`)).output).to.equal('0\n');
      await until(() => machine.pidOf(service) === pid);
      const alive = 'ls / > /dev/null && head -c 3 /dev/zero | wc -c && head -c 3 /dev/random | wc -c';
      expect(await machine.run(alive)).to.deep.equal({ status: 0, output: '3\n3\n' });
      await machine.holdsOnly(before);
    });
  }

  for (const [doing, code] of [
    ['throws', 'throw new Error("a mistake")'],
    ['only computes', 'for (;;);'],
  ] as const) {
    it(`and that ${doing} answers EIO, and the next one serves`, async () => {
      const pid = machine.pidOf('zerod');
      await machine.replace('zerod', faulty(code));
      expect((await machine.run('echo x > /dev/zero')).output).to.match(/Input\/output error\n$/);
      expect((await machine.run('echo x > /dev/zero; head -c 3 /dev/zero | wc -c')).output).to.equal('3\n');
      expect(machine.pidOf('zerod')).to.equal(pid);
    });
  }

  it('too often starts anew, and what was open answers EIO', async () => {
    const pid = machine.pidOf('randd');
    const holding = machine.run(
      'exec 5> /dev/random; touch /tmp/open; while [ ! -e /tmp/died ]; do :; done; echo x >&5; echo y > /dev/random; echo $?',
    );
    await machine.run('while ! [ -e /tmp/open ]; do :; done');
    for (let deaths = 0; machine.pidOf('randd') === pid && deaths < 10; deaths++) await die('randd');
    expect(machine.pidOf('randd')).to.be.above(pid);
    await machine.run('touch /tmp/died');
    expect((await holding).output).to.match(/Input\/output error\n0\n$/);
    await machine.run('rm /tmp/died /tmp/open');
  });

  it('leaves its clients what they have open', async () => {
    const holding = machine.run(
      'exec 5> /dev/null; while [ ! -e /tmp/died ]; do echo x >&5 || echo failed; done; echo $?',
    );
    await die('nulld');
    await die('nulld');
    await machine.run('touch /tmp/died');
    const { status, output } = await holding;
    // A write that it had in its hands may have been lost with it.
    expect([status, output.replaceAll('failed\n', '').replace(/^.*: .*\n/gm, '')]).to.deep.equal([0, '0\n']);
    await machine.run('rm /tmp/died');
  });

  it('and is the file system leaves the mappings of its files what they are', async () => {
    await machine.run('head -c 32768 /dev/zero > /tmp/words');
    const counting = machine.run('mapped <> /tmp/words');
    await until(() => machine.pidOf('mapped') > 0);
    for (let deaths = 0; deaths < DEATHS; deaths++) {
      await counts();
      await die('ramfs');
    }
    await counts();
    await machine.run('echo x 1<> /tmp/words');
    const { status, output } = await counting;
    expect([status, output].join()).to.match(/^0,\d+\n$/);
    const again = await machine.run(
      'head -c 8 /dev/zero 1<> /tmp/words; mapped once <> /tmp/words; rm /tmp/words',
    );
    expect(again).to.deep.equal({ status: 0, output: `${Number(output) + 1}\n` });
  });

  it('and is the file system loses no file, and a writer no line that was written', async () => {
    await machine.run('mkdir -p /tmp/a/b; echo deep > /tmp/a/b/c; ln -s a/b /tmp/l; chmod 640 /tmp/a/b/c');
    const before = await machine.run('ls -lR /usr /etc /tmp/a');
    const writing = machine.run(writer);
    for (let i = 0; i < DEATHS; i++) {
      await machine.run('while ! [ -s /tmp/load ]; do :; done');
      await die('ramfs');
    }
    await machine.run('touch /tmp/enough');
    const { output } = await writing;
    const lines = output
      .trimEnd()
      .split('\n')
      .map((number) => `line ${number}\n`);
    expect((await machine.run('cat /tmp/load')).output).to.equal(lines.join(''));
    expect((await machine.run('cat /tmp/l/c')).output).to.equal('deep\n');
    expect(await machine.run('ls -lR /usr /etc /tmp/a')).to.deep.equal(before);
    await machine.run('rm -r /tmp/*');
  });
});

/** A successor that takes requests, and then makes a mistake. */
function faulty(mistake: string): string {
  return `
const { page, bell, slot, boot } = halfcellBoot;
const words = new Int32Array(page), rings = new Int32Array(bell), slots = new DataView(page);
const call = (number, ...args) => {
  [number, ...args, 0, 0, 0, 0, 0, 0].slice(0, 7).forEach((value, i) => slots.setBigInt64(8 + 8 * i, BigInt(value), true));
  Atomics.store(words, 0, 1);
  Atomics.or(rings, 1 + (slot >>> 5), 1 << (slot & 31));
  if (Atomics.exchange(rings, 0, 1) === 0) Atomics.notify(rings, 0);
  Atomics.wait(words, 0, 1);
};
call(${Sys.READ}, boot.carried.socket, 8192, 1024);
${mistake}`;
}
