import { expect } from 'chai';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Open } from '../../core/abi/flags.js';
import { Sys } from '../../core/abi/syscalls.js';
import { tapIn } from '../../core/hooks/untap.js';
import { Scope } from '../../core/lifecycle/scope.js';
import { until } from '../support/until.js';
import { boot } from './machine.js';
import type { Booted } from './machine.js';

const CALLS = 1000;
const STRINGS = 1000;
const DAMAGED = 60;
/** More than any of the native programs needs without arguments. */
const ENOUGH_INSTRUCTIONS = 20_000_000;

describe('a machine with hostile programs', function () {
  this.timeout(120_000);
  let machine: Booted;
  afterEach(() => machine.close());

  const isUsable = async () =>
    expect(await machine.run('echo hello | upper; ls / | grep -c tmp')).to.deep.equal({
      status: 0,
      output: 'HELLO\n1\n',
    });

  it('goes on after 1,000 random system calls of isolates', async () => {
    const host = await mkdtemp(join(tmpdir(), 'hostile-'));
    machine = await boot({}, [{ host, guest: '/mnt', readOnly: false }]);
    const { kernel } = machine.kernel;
    const before = await machine.holdings();
    const scope = new Scope('test');
    let calls = 0;
    tapIn(scope, machine.session.machine.hooks.syscallExit, { name: 'test' }, () => {
      if (kernel.current.name === 'fuzz') calls++;
    });
    for (let seed = 1; calls < CALLS; seed++) {
      await machine.install('/tmp/fuzz', fuzzer(seed));
      let over = false;
      const running = machine.run('/tmp/fuzz').finally(() => (over = true));
      // Over, enough, or in a call that nobody is going to answer.
      const stuck = () => machine.pidOf('fuzz') > 0 && kernel.isQuiet(kernel.idle);
      await until(() => over || calls >= CALLS || stuck());
      if (!over) await machine.run(`kill -9 ${machine.pidOf('fuzz')}`);
      await running;
    }
    await scope.close();
    await machine.run('rm /tmp/fuzz');
    await isUsable();
    await machine.holdsOnly(before);
    await rm(host, { recursive: true });
  });

  it('goes on after 1,000 random byte strings were run as programs', async () => {
    const random = generator(7);
    const strings = Array.from({ length: STRINGS }, (_, i) => [`/fuzz/${i}`, bytes(random)] as const);
    machine = await boot(Object.fromEntries(strings));
    const { output } = await machine.run('for file in /fuzz/*; do $file; echo "ran $?"; done');
    const ran = output.match(/^ran \d+$/gm) ?? [];
    expect(ran).to.have.length(STRINGS);
    expect(ran.filter((line) => line === 'ran 0')).to.have.length.below(STRINGS / 10);
    await isUsable();
  });

  it('goes on after damaged ELF files were run', async () => {
    const random = generator(11);
    const whole = await readFile(new URL('../../prebuilt/bin/primes', import.meta.url));
    const files = Array.from({ length: DAMAGED }, (_, i) => [`/fuzz/${i}`, damaged(whole, random)] as const);
    machine = await boot(Object.fromEntries(files));
    const { cpu } = machine.session.machine;
    for (const [path] of files) {
      let over = false;
      const running = machine.run(`${path}; true`).finally(() => (over = true));
      const limit = cpu.retired + ENOUGH_INSTRUCTIONS;
      await until(() => over || cpu.retired > limit);
      if (!over) await machine.run(`kill -9 ${machine.pidOf(path.slice('/fuzz/'.length))}`);
      await running;
    }
    await isUsable();
  });

  it('ends a program that only computes', async () => {
    machine = await boot();
    await machine.install('/tmp/spin', '#!isolate\nfor (;;);');
    expect((await machine.run('/tmp/spin')).status).to.equal(137);
    await isUsable();
  });

  it('ends a program that uses more memory than it may', async () => {
    machine = await boot();
    await machine.install('/tmp/hog', '#!isolate\nconst all = []; for (;;) all.push({ all });');
    expect((await machine.run('/tmp/hog')).status).to.equal(1);
    await isUsable();
  });
});

type Random = (below: number) => number;

/** A linear congruential generator; its high bits. */
function generator(seed: number): Random {
  let state = seed >>> 0;
  return (below) => {
    state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0;
    return (state >>> 8) % below;
  };
}

/** Noise, noise behind an ELF magic, or noise behind `#!`. */
function bytes(random: Random): Uint8Array {
  const heads = [[], [], [0x7f, 0x45, 0x4c, 0x46, 2, 1, 1], [0x23, 0x21]];
  return Uint8Array.from([
    ...(heads[random(4)] ?? []),
    ...Array.from({ length: random(200) }, () => random(256)),
  ]);
}

/** A few bytes of the headers or of the code are others. */
function damaged(whole: Uint8Array, random: Random): Uint8Array {
  const copy = Uint8Array.from(whole);
  const range = random(2) === 0 ? 0x200 : copy.length;
  for (let i = 0; i < 1 + random(8); i++) copy[random(range)] = random(256);
  return copy;
}

const SCHEMES = [
  '',
  'debug',
  'event',
  'file/tmp',
  'host.0',
  'log',
  'memory',
  'null',
  'pipe',
  'proc',
  'pty/ptmx',
  'rand',
  'sys',
  'time',
  'zero',
];

/** An inline program that calls the kernel with likely and unlikely arguments until somebody ends it. */
function fuzzer(seed: number): string {
  return `#!isolate
const { page, bell, slot, boot } = halfcellBoot;
const words = new Int32Array(page), rings = new Int32Array(bell), slots = new DataView(page), bytes = new Uint8Array(page);
const call = (number, args) => {
  slots.setBigInt64(8, BigInt(number), true);
  for (let a = 0; a < 6; a++) slots.setBigInt64(16 + 8 * a, BigInt(args[a] ?? 0), true);
  Atomics.store(words, 0, 1);
  Atomics.or(rings, 1 + (slot >>> 5), 1 << (slot & 31));
  if (Atomics.exchange(rings, 0, 1) === 0) Atomics.notify(rings, 0);
  // 1: asked, 3: the kernel has seen it.
  for (let state; (state = Atomics.load(words, 0)) % 2 === 1; ) Atomics.wait(words, 0, state);
};
// A root of every scheme from descriptor 100 on, and something open in it from 200 on.
const open = (from, path, fd) => {
  [...path].forEach((char, i) => (bytes[8192 + i] = char.charCodeAt(0)));
  call(${Sys.OPENAT_INTO}, [from, 8192, path.length, ${Open.RDWR}, 0, fd]);
};
${JSON.stringify(SCHEMES)}.forEach((scheme, i) => {
  const [name, rest = ''] = scheme.split('/');
  open(boot.namespaceFd, '/scheme/' + name, 100 + i);
  open(100 + i, rest, 200 + i);
});
let state = ${seed};
const random = (below) => ((state = (Math.imul(state, 1103515245) + 12345) >>> 0) >>> 8) % below;
const numbers = ${JSON.stringify(Object.values(Sys))};
const odd = [0, 1, 2, 3, 4, 5, 6, 7, 8, 16, 24, 64, 65, 255, 4096, 8192, 69632, 65536, 2 ** 31, 2 ** 40, 2 ** 62, -1, -4096, -(2 ** 62)];
const any = () => (random(4) === 0 ? odd[random(odd.length)] * (1 + random(3)) + random(3) : odd[random(odd.length)]);
const fd = () => (random(4) === 0 ? any() : 100 * (1 + random(2)) + random(${SCHEMES.length}));
for (;;) {
  const number = numbers[random(numbers.length)];
  // Where a path, a buffer or the words of a call would be.
  for (let a = 0; a < 64; a++) bytes[4096 + a] = random(2) === 0 ? random(256) : 0;
  for (let a = 0; a < 64; a++) bytes[8192 + a] = random(2) === 0 ? random(256) : 0;
  const flags = number === ${Sys.CALL} ? 1 + random(3) + 256 * random(1024) : any();
  call(number, [fd(), any(), any(), flags, any(), any()]);
}`;
}
