import { setTimeout as sleep } from 'node:timers/promises';
import { createIsolateBackend } from './isolate-backend.js';

/** Run by exit.test.ts as a process of its own: starts programs, shuts down, and exits with status 7 if it can. */
const scenarios: Record<string, string> = {
  idle: '1',
  throwing: 'throw new Error("x")',
  spinning: 'for (;;);',
  blocked: 'Atomics.wait(new Int32Array(halfcellBoot.page), 0, 0);',
  flooding:
    'const bell = new Int32Array(halfcellBoot.bell); for (;;) { Atomics.store(bell, 0, 1); Atomics.notify(bell, 0); }',
  map: 'const map = new Map(); for (let i = 0; ; i++) map.set(i, i);',
  fill: 'new Array(2 ** 27).fill(1.5);',
};

const [, , name = 'idle', count = '5'] = process.argv;
const backend = await createIsolateBackend();
const programs = Array.from({ length: Number(count) }, (_, slot) =>
  backend.start({
    slot,
    code: scenarios[name] ?? '',
    filename: `file:///bin/${name}.js`,
    memoryLimitMiB: 16,
    page: new SharedArrayBuffer(4096),
    bell: new SharedArrayBuffer(64),
    boot: { argv: [], env: {}, cwd: '/', umask: 0, fds: [], roots: {} },
  }),
);
const endless = ['spinning', 'blocked', 'flooding'].includes(name);
await (endless ? sleep(50) : Promise.all(programs.map(({ exited }) => exited)));
const { mustSigkill } = await backend.shutdown();
const kinds = programs.map(({ ended }) => ended?.kind);
process.stdout.write(`${JSON.stringify({ kinds, mustSigkill })}\n`, () => {
  if (mustSigkill) process.kill(process.pid, 'SIGKILL');
  process.exit(7);
});
