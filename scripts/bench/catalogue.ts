import type { Benchmark } from './benchmark.js';
import { operations } from './benchmark.js';
import { idleShare, secondsToPrompt } from './booted.js';
import { isolateContenders, linuxContenders } from './contenders.js';
import { bareLoads } from './bare/bare-loads.js';
import type { Goal } from './goals.js';
import { goals, reachAndStretch } from './goals.js';
import { tapCosts } from './hooks/tap-cost.js';
import { linuxLoads } from './loads/linux-loads.js';
import { takeTurns } from './measure.js';
import { nativeProgram, runsNatively } from './native-programs.js';
import { halfcell, outputOf, secondsOf } from './processes.js';
import type { CommandLine } from './processes.js';

const IDLE_SECONDS = 10;
const SETTLE_SECONDS = 2;
const PAUSES_BATCHES = 50;

type Described = Pick<Benchmark, 'name' | 'what'> & { readonly count: number; readonly goals?: Goal[] };

/** A loop, or much code, of plain computation, on the first tier alone. */
const tierOne = ({ name, what, count, goals: wanted = [] }: Described): Benchmark => ({
  name,
  what,
  groups: ['tier1'],
  unit: 'time',
  goals: wanted,
  measure: async (effort) =>
    takeTurns(await linuxContenders('cpu', { kind: name, count, tier: 1 }, effort), effort),
});

/** What a Linux program asks of the kernel. */
const fromNative = ({ name, what, count, goals: wanted = [] }: Described): Benchmark => ({
  name,
  what,
  groups: ['cpu', 'kernel'],
  unit: 'rate',
  goals: wanted,
  measure: async (effort) => takeTurns(await linuxContenders('calls', { kind: name, count }, effort), effort),
});

/** What a program in an isolate asks of the kernel. */
const fromIsolate = (kind: string, { name, what, count, goals: wanted = [] }: Described): Benchmark => ({
  name,
  what,
  groups: ['kernel'],
  unit: 'rate',
  goals: wanted,
  measure: (effort) => takeTurns(isolateContenders({ kind, count }, effort), effort),
});

/** The first of the two numbers that the program prints; the longest step tells more of the host than of anybody else. */
const pauses: Benchmark = {
  name: 'pauses',
  what: 'a step of a program that makes new code all the time, the 99th of 100',
  groups: ['cpu'],
  unit: 'time',
  goals: [goals.within(10e-3)],
  measure: async (effort) => {
    const path = await nativeProgram('pauses');
    const batches = String(operations(PAUSES_BATCHES, effort));
    const longest = async (command: CommandLine) => [Number.parseInt(await outputOf(command), 10) / 1e9];
    const contenders = {
      halfcell: () => longest(halfcell('run', path, batches)),
      native: runsNatively() ? () => longest([path, batches]) : undefined,
    };
    return takeTurns(contenders, effort);
  },
};

const runTrue: Benchmark = {
  name: 'run-true',
  what: 'halfcell run of a static program that does nothing',
  groups: ['start'],
  unit: 'time',
  goals: reachAndStretch('node', 3, 2),
  measure: async (effort) => {
    const path = await nativeProgram('true');
    const contenders = {
      halfcell: async () => [await secondsOf(halfcell('run', path))],
      node: async () => [await secondsOf([process.execPath, '-e', '0'])],
      native: runsNatively() ? async () => [await secondsOf([path])] : undefined,
    };
    return takeTurns(contenders, effort);
  },
};

const bootToPrompt: Benchmark = {
  name: 'boot',
  what: 'halfcell boot to the prompt',
  groups: ['start'],
  unit: 'time',
  goals: [goals.within(3)],
  measure: (effort) => takeTurns({ halfcell: async () => [await secondsToPrompt()] }, effort),
};

const idle: Benchmark = {
  name: 'idle',
  what: 'of a core, for a machine at its prompt',
  groups: ['idle'],
  unit: 'share',
  goals: [goals.share(0.02)],
  measure: (effort) => {
    const factor = Math.min(1, effort.scale);
    const share = () => idleShare(IDLE_SECONDS * factor, SETTLE_SECONDS * factor);
    return takeTurns({ halfcell: async () => [await share()] }, effort);
  },
};

/** In the order of the table. Counts are such that the machine is at work for about a second. */
// prettier-ignore
export const benchmarks: readonly Benchmark[] = [
  ...linuxLoads,
  fromNative({ name: 'null', what: 'calls that do nothing, Linux program', count: 200_000, goals: [goals.rate(300_000)] }),
  fromNative({ name: 'pipe', what: 'a byte to a process and back, Linux programs', count: 2_000 }),
  fromNative({ name: 'fault', what: 'page faults of a Linux program', count: 10_000 }),
  fromNative({ name: 'fork', what: 'fork, exit and wait, Linux program', count: 200 }),
  fromNative({ name: 'spawn', what: 'vfork, exec, exit and wait, Linux program', count: 100 }),
  pauses,
  tierOne({ name: 'int', what: 'one step of an integer loop', count: 5_000_000, goals: [goals.speedOf('native', 0.04)] }),
  tierOne({ name: 'byte', what: 'a sieve in 64 KiB of bytes', count: 100, goals: [goals.speedOf('native', 0.04)] }),
  tierOne({ name: 'chase', what: 'one step along pointers in 256 KiB', count: 10_000_000, goals: [goals.speedOf('native', 0.3)] }),
  tierOne({ name: 'call', what: 'a recursion of 50,000 calls', count: 150, goals: [goals.speedOf('native', 0.03)] }),
  tierOne({ name: 'flat', what: 'a round through 600 functions', count: 2_000, goals: [goals.speedOf('qemu', 0.2)] }),
  ...bareLoads,
  ...tapCosts,
  fromIsolate('null', { name: 'isolate-null', what: 'calls that do nothing, isolate', count: 50_000, goals: [goals.rate(50_000)] }),
  fromIsolate('beside', { name: 'isolate-beside', what: 'the same beside a native program that spins', count: 10_000, goals: [goals.rate(10_000)] }),
  fromIsolate('pipe', { name: 'isolate-pipe', what: 'a byte to an isolate and back', count: 5_000 }),
  fromIsolate('scheme', { name: 'isolate-scheme', what: 'requests that another isolate answers', count: 5_000 }),
  fromIsolate('spawn', { name: 'isolate-spawn', what: 'isolates started and waited for', count: 20 }),
  runTrue,
  bootToPrompt,
  idle,
];
