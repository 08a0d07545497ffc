import { inChildProcess } from './launcher.js';

/** Run by launcher.test.ts as a launcher: what its child does is the first argument. */
const behaviours: Record<string, () => Promise<{ status: number; lostIsolates: number }>> = {
  exit: async () => ({ status: 42, lostIsolates: 0 }),
  lost: async () => ({ status: 3, lostIsolates: 2 }),
  broken: () => Promise.reject(new Error('the disk\nis gone')),
  uncaught: () => new Promise(() => setTimeout(() => Promise.reject(new Error('nobody caught this')))),
  unread: () => new Promise(() => setInterval(() => process.stdout.write('still here\n'), 5)),
  crash: () => new Promise(() => process.kill(process.pid, 'SIGSEGV')),
  flag: async () => ({ status: process.execArgv.includes('--no-node-snapshot') ? 5 : 6, lostIsolates: 0 }),
  signal: () =>
    new Promise((resolve) => {
      const alive = setInterval(() => {}, 1000);
      for (const signal of ['SIGTERM', 'SIGINT'] as const) {
        process.once(signal, () => {
          process.stdout.write(`got ${signal}\n`);
          clearInterval(alive);
          resolve({ status: 9, lostIsolates: 0 });
        });
      }
      process.stdout.write(`ready ${process.pid}\n`);
    }),
};

const behave = behaviours[process.argv[2] ?? ''];
if (behave) process.exit(await inChildProcess(behave));
