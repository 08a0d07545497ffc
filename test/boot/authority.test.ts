import { expect } from 'chai';
import { Errno } from '../../core/abi/errno.js';
import { Open } from '../../core/abi/flags.js';
import { Sys } from '../../core/abi/syscalls.js';
import { manifests } from '../../plugins/services/manifests.js';
import { until } from '../support/until.js';
import { boot } from './machine.js';
import type { Booted } from './machine.js';

/** Opens a scheme through the namespace that the process was given, and says what came of it on its standard output. */
const opener = (scheme: string, closing: string) => `
const { page, bell, slot, boot } = halfcellBoot;
const words = new Int32Array(page), rings = new Int32Array(bell), slots = new DataView(page), bytes = new Uint8Array(page);
const call = (number, ...args) => {
  [number, ...args, 0, 0, 0, 0, 0, 0].slice(0, 7).forEach((value, i) => slots.setBigInt64(8 + 8 * i, BigInt(value), true));
  Atomics.store(words, 0, 1);
  Atomics.or(rings, 1 + (slot >>> 5), 1 << (slot & 31));
  if (Atomics.exchange(rings, 0, 1) === 0) Atomics.notify(rings, 0);
  // 1: asked, 3: the kernel has seen it.
  for (let state; (state = Atomics.load(words, 0)) % 2 === 1; ) Atomics.wait(words, 0, state);
  return Number(slots.getBigInt64(64, true));
};
const put = (text) => [...text].forEach((char, i) => (bytes[8192 + i] = char.charCodeAt(0))) ?? text.length;
const path = '/scheme/${scheme}';
put(path);
const opened = call(${Sys.OPENAT_INTO}, boot.namespaceFd, 8192, path.length, ${Open.RDONLY}, 0, 200);
const answer = opened + '\\n';
put(answer);
call(${Sys.WRITE}, 1, 8192, answer.length);
call(${Sys.CLOSE}, 200);
${closing}`;

const OPENED = '200\n';
const REFUSED = `-${Errno.ENODEV}\n`;

describe('the authority of a program', function () {
  this.timeout(60_000);
  let machine: Booted;
  before(async () => void (machine = await boot()));
  after(() => machine.close());

  const opens = async (line: string, scheme: string) => {
    await machine.install('/tmp/opener', `${line}\n${opener(scheme, '')}`);
    return (await machine.run('/tmp/opener')).output;
  };

  it('ends where its file says', async () => {
    expect(await opens('#!isolate schemes=null,file', 'null')).to.equal(OPENED);
    expect(await opens('#!isolate schemes=null,file', 'rand')).to.equal(REFUSED);
    expect(await opens('#!isolate schemes=', 'null')).to.equal(REFUSED);
  });

  it('is that of its session when its file says nothing, and no kernel scheme that makes contexts is in it', async () => {
    expect(await opens('#!isolate', 'rand')).to.equal(OPENED);
    for (const scheme of ['kernel.proc', 'scheme-creation-cap', 'irq'])
      expect(await opens('#!isolate', scheme), scheme).to.equal(REFUSED);
    expect((await machine.run('ls /scheme')).output).not.to.match(/kernel\.proc|scheme-creation-cap/);
  });

  it('is handed on by nobody who has less', async () => {
    await machine.install('/tmp/opener', `#!isolate\n${opener('rand', '')}`);
    await machine.run(
      'mkdir -p /tmp/bin; printf "#!isolate sh schemes=file,pipe\\n" > /tmp/bin/sh; chmod +x /tmp/bin/sh',
    );
    expect((await machine.run('/tmp/bin/sh -c /tmp/opener')).output).to.equal(REFUSED);
    expect((await machine.run('/tmp/bin/sh -c "cat /dev/null"')).output).to.match(/No such device/);
  });

  it('is in the first line of its file for a command whose manifest names schemes', async () => {
    expect((await machine.run('cat /usr/bin/callbench')).output).to.equal(
      '#!isolate callbench schemes=file,memory,pipe,zero\n',
    );
    expect((await machine.run('callbench scheme 10')).status).to.equal(0);
  });

  for (const [service, granted] of Object.entries({
    nulld: undefined,
    zerod: undefined,
    logd: 'debug',
    ramfs: 'memory',
  })) {
    it(`is what the manifest names for the service ${service}`, async () => {
      expect(manifests.get(service)?.authority).to.deep.equal(granted === undefined ? [] : [granted]);
      for (const scheme of ['debug', 'memory', 'sys', 'rand', 'file', 'proc', 'event']) {
        let shown = '';
        const forget = machine.session.console!.onOutput((bytes) => (shown += Buffer.from(bytes).toString()));
        // It asks and ends: the service that runs takes over again.
        await machine.replace(service, opener(scheme, 'throw new Error("done")')).catch(() => undefined);
        await until(() => shown.includes('\n'));
        forget();
        expect(shown, scheme).to.equal(scheme === granted ? OPENED : REFUSED);
      }
      expect((await machine.run('ls / | wc -l')).output).to.equal('8\n');
    });
  }
});
