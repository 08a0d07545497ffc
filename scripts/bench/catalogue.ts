import type { Benchmark } from './benchmark.js';
import { idleShare, secondsToPrompt } from './booted.js';
import { isolateContenders, linuxContenders } from './contenders.js';
import type { Goal } from './goals.js';
import { goals } from './goals.js';
import { nativeProgram, runsNatively } from './native-programs.js';
import { halfcell, secondsOf } from './processes.js';

const IDLE_SECONDS = 10;
const SETTLE_SECONDS = 2;

type Described = Pick<Benchmark, 'name' | 'what'> & { readonly count: number; readonly goals?: Goal[] };

/** A loop, or much code, of plain computation. */
const cpu = ({ name, what, count, goals: wanted = [] }: Described): Benchmark => ({
  name,
  what,
  group: 'cpu',
  unit: 'time',
  goals: wanted,
  prepare: (effort) => linuxContenders('cpu', { kind: name, count }, effort),
});

/** What a Linux program asks of the kernel. */
const fromNative = (kind: string, { name, what, count, goals: wanted = [] }: Described): Benchmark => ({
  name,
  what,
  group: 'kernel',
  unit: 'rate',
  goals: wanted,
  prepare: (effort) => linuxContenders('calls', { kind, count }, effort),
});

/** What a program in an isolate asks of the kernel. */
const fromIsolate = (kind: string, { name, what, count, goals: wanted = [] }: Described): Benchmark => ({
  name,
  what,
  group: 'kernel',
  unit: 'rate',
  goals: wanted,
  prepare: async (effort) => isolateContenders({ kind, count }, effort),
});

const runTrue: Benchmark = {
  name: 'run-true',
  what: 'halfcell run of a static program that does nothing',
  group: 'start',
  unit: 'time',
  goals: [goals.timesAsLongAs('node', 4)],
  prepare: async () => {
    const path = await nativeProgram('true');
    return {
      halfcell: async () => [await secondsOf(halfcell('run', path))],
      node: async () => [await secondsOf([process.execPath, '-e', '0'])],
      native: runsNatively() ? async () => [await secondsOf([path])] : undefined,
    };
  },
};

const bootToPrompt: Benchmark = {
  name: 'boot',
  what: 'halfcell boot to the prompt',
  group: 'start',
  unit: 'time',
  goals: [goals.within(3)],
  prepare: async () => ({ halfcell: async () => [await secondsToPrompt()] }),
};

const idle: Benchmark = {
  name: 'idle',
  what: 'of a core, for a machine at its prompt',
  group: 'idle',
  unit: 'share',
  goals: [goals.share(0.02)],
  prepare: async ({ scale }) => {
    const factor = Math.min(1, scale);
    return { halfcell: async () => [await idleShare(IDLE_SECONDS * factor, SETTLE_SECONDS * factor)] };
  },
};

/** In the order of the table. Counts are such that the machine is at work for about a second. */
// prettier-ignore
export const benchmarks: readonly Benchmark[] = [
  cpu({ name: 'int', what: 'one step of an integer loop', count: 5_000_000, goals: [goals.speedOf('native', 0.04)] }),
  cpu({ name: 'byte', what: 'a sieve in 64 KiB of bytes', count: 100, goals: [goals.speedOf('native', 0.04)] }),
  cpu({ name: 'chase', what: 'one step along pointers in 256 KiB', count: 10_000_000, goals: [goals.speedOf('native', 0.3)] }),
  cpu({ name: 'call', what: 'a recursion of 50,000 calls', count: 150, goals: [goals.speedOf('native', 0.03)] }),
  cpu({ name: 'copy', what: '32 KiB copied and summed by words', count: 5_000 }),
  cpu({ name: 'flat', what: 'a round through 600 functions', count: 2_000, goals: [goals.speedOf('qemu', 0.2)] }),
  fromNative('null', { name: 'null', what: 'calls that do nothing, Linux program', count: 200_000, goals: [goals.rate(300_000)] }),
  fromNative('pipe', { name: 'pipe', what: 'a byte to a process and back, Linux programs', count: 2_000 }),
  fromNative('fault', { name: 'fault', what: 'page faults of a Linux program', count: 10_000 }),
  fromNative('fork', { name: 'fork', what: 'fork, exit and wait, Linux program', count: 200 }),
  fromNative('spawn', { name: 'spawn', what: 'vfork, exec, exit and wait, Linux program', count: 100 }),
  fromIsolate('null', { name: 'isolate-null', what: 'calls that do nothing, isolate', count: 50_000, goals: [goals.rate(50_000)] }),
  fromIsolate('beside', { name: 'isolate-beside', what: 'the same beside a native program that spins', count: 10_000, goals: [goals.rate(10_000)] }),
  fromIsolate('pipe', { name: 'isolate-pipe', what: 'a byte to an isolate and back', count: 5_000 }),
  fromIsolate('scheme', { name: 'isolate-scheme', what: 'requests that another isolate answers', count: 5_000 }),
  fromIsolate('spawn', { name: 'isolate-spawn', what: 'isolates started and waited for', count: 20 }),
  runTrue,
  bootToPrompt,
  idle,
];
