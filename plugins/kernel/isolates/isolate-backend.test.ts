import { expect } from 'chai';
import { transform } from 'esbuild';
import { setTimeout as sleep } from 'node:timers/promises';
import { createIsolateBackend } from './isolate-backend.js';
import type { IsolateBackend } from './isolate-backend.js';
import type { IsolateProcess, IsolateStart } from './isolate-process.js';

const SPIN = 'for (;;);';
const BLOCK = 'Atomics.wait(new Int32Array(halfcellBoot.page), 0, 0);';

describe('the isolate backend', () => {
  let backend: IsolateBackend;
  const start = (code: string, more: Partial<IsolateStart> = {}): IsolateProcess =>
    backend.start({
      slot: 1,
      code,
      filename: 'file:///bin/test.js',
      memoryLimitMiB: 32,
      page: new SharedArrayBuffer(4096),
      bell: new SharedArrayBuffer(64),
      boot: { argv: ['test', '-x'], env: {}, cwd: '/', umask: 0o22, fds: [3], roots: {} },
      ...more,
    });
  const answer = async (expression: string) => {
    const page = new SharedArrayBuffer(4096);
    const bytes = `const text = String(${expression});
      const out = new Uint8Array(halfcellBoot.page); for (let i = 0; i < text.length; i++) out[i] = text.charCodeAt(i);`;
    expect(await start(bytes, { page }).exited).to.deep.equal({ kind: 'exit' });
    return Buffer.from(new Uint8Array(page)).toString('latin1').replace(/\0.*$/s, '');
  };

  before(async () => void (backend = await createIsolateBackend()));
  after(async () => void (await backend.shutdown()));

  it('hands a program its page, the bell, its slot and its boot data', async () => {
    expect(
      await answer(
        'JSON.stringify([halfcellBoot.slot, halfcellBoot.boot.argv[1], halfcellBoot.boot.fds[0]])',
      ),
    ).to.equal('[1,"-x",3]');
    expect(await answer('halfcellBoot.page.byteLength + halfcellBoot.bell.byteLength')).to.equal('4160');
  });

  it('gives a program neither WebAssembly nor anything of Node', async () => {
    const names = ['WebAssembly', 'process', 'require', 'setTimeout', 'fetch', 'ivm'];
    expect(await answer(`[${names.map((name) => `typeof ${name}`).join()}]`)).to.equal(
      names.map(() => 'undefined').join(),
    );
  });

  it('keeps single characters of a program whole when its compiled code comes from the cache', async () => {
    const joined = `['a', 'f', '/', '~'].join('') + JSON.stringify({ x: 1 })`;
    expect([await answer(joined), await answer(joined)]).to.deep.equal(['af/~{"x":1}', 'af/~{"x":1}']);
  });

  it('reports a throw with message and stack, and names the TypeScript source', async () => {
    const source =
      'interface Unused { a: number }\n\nfunction inner(): never {\n  throw new TypeError("broken");\n}\ninner();\n';
    const built = await transform(source, {
      loader: 'ts',
      sourcemap: 'external',
      sourcefile: '../../plugins/x/main.ts',
    });
    const exit = await start(built.code, { sourceMap: built.map }).exited;
    expect(exit).to.include({ kind: 'throw', message: 'broken' });
    expect(exit.stack).to.equal(
      'TypeError: broken\n    at inner (plugins/x/main.ts:4:9)\n    at plugins/x/main.ts:6:1',
    );
  });

  for (const [thrown, message] of [
    ['null', 'threw null'],
    ['"text"', 'threw text'],
    ['{ code: 1 }', 'not an instance of `Error`'],
    ['Object.assign(new Error("m"), { stack: 5 })', 'm'],
    ['new Error("x".repeat(1e6))', 'x'.repeat(1000)],
  ] as const) {
    it(`survives a program that throws ${thrown}`, async () => {
      const exit = await start(`throw ${thrown}`).exited;
      expect(exit.kind).to.equal('throw');
      expect(exit.message).to.include(message).and.to.have.length.below(1001);
    });
  }

  it('reports a rejection that nobody handled as a throw', async () => {
    const exit = await start('(async () => { await 0; throw new RangeError("late"); })()').exited;
    expect(exit).to.include({ kind: 'throw', message: 'late' });
  });

  it('reports a syntax error as a throw', async () => {
    expect(await start('let let').exited).to.have.property('kind', 'throw');
  });

  for (const [doing, code] of [
    ['spinning', SPIN],
    ['blocked', BLOCK],
    ['refusing to end', 'for (;;) { try { for (;;); } finally { continue; } }'],
  ] as const) {
    it(`ends each of 100 programs that are ${doing}, one after the other`, async () => {
      for (let i = 0; i < 100; i++) {
        const program = start(code);
        if (i % 10 === 0) await sleep(5);
        program.kill();
        expect(await program.exited).to.deep.equal({ kind: 'killed' });
      }
      expect(backend.running).to.deep.equal([]);
    });
  }

  it('takes a second kill, and one after the end, for nothing', async () => {
    const program = start('1');
    expect(await program.exited).to.deep.equal({ kind: 'exit' });
    program.kill();
    program.kill();
    expect(program.ended).to.deep.equal({ kind: 'exit' });
  });

  it('ends a program that fills its memory with small objects, and says why', async () => {
    const exit = await start('const all = []; for (;;) all.push({ text: "x" + all.length });', {
      memoryLimitMiB: 16,
    }).exited;
    expect(exit).to.deep.equal({ kind: 'memory', message: 'used more than 16 MiB' });
  });

  it('answers a buffer above the limit with a RangeError inside the program', async () => {
    expect(
      await answer('(() => { try { new ArrayBuffer(2 ** 31); } catch (e) { return e.name; } })()'),
    ).to.equal('RangeError');
  });

  it('leaves the host its event loop while four programs flood the bell', async () => {
    const flood =
      'const bell = new Int32Array(halfcellBoot.bell); for (;;) { Atomics.store(bell, 0, 1); Atomics.notify(bell, 0); }';
    const bell = new SharedArrayBuffer(64);
    const programs = [1, 2, 3, 4].map(() => start(flood, { bell }));
    for (let ticks = 0; ticks < 20; ticks++) await sleep(5);
    for (const program of programs) program.kill();
    await Promise.all(programs.map((program) => program.exited));
  });

  it('counts the time a program waits as wall time, and as busy only what the kernel does not know', async () => {
    let blockedNs = 0n;
    const program = start(BLOCK, { blockedNs: () => blockedNs });
    while (program.wallTimeNs() < 50_000_000n) await sleep(5);
    blockedNs = program.cpuTimeNs();
    expect(Number(program.busyNs())).to.be.lessThan(50e6);
    program.kill();
    await program.exited;
    expect(Number(program.wallTimeNs())).to.be.greaterThan(50e6);
  });

  it('starts nothing after its shutdown', async () => {
    const closing = await createIsolateBackend();
    expect(await closing.shutdown()).to.deep.equal({ mustSigkill: false });
    expect(() =>
      closing.start({
        slot: 0,
        code: '',
        filename: 'x',
        memoryLimitMiB: 16,
        page: new SharedArrayBuffer(8),
        bell: new SharedArrayBuffer(8),
        boot: { argv: [], env: {}, cwd: '/', umask: 0, fds: [], roots: {} },
      }),
    ).to.throw('ISOLATES_CLOSED');
  });
});
