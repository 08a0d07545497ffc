import type { Benchmark, Effort } from '../benchmark.js';
import { operations } from '../benchmark.js';
import type { Goal } from '../goals.js';
import { reachAndStretch } from '../goals.js';
import { nativeProgram, runsNatively } from '../native-programs.js';
import { find, halfcell } from '../processes.js';
import { race } from './race.js';

export interface Load {
  readonly name: string;
  readonly what: string;
  /** Rounds that a present-day computer does in a tenth of a second. */
  readonly rounds: number;
  readonly goals: readonly Goal[];
}

const integerLoop = reachAndStretch('native', 2, 1.1);
const vectors = reachAndStretch('native', 8, 3);
const x87 = reachAndStretch('native', 60, 20);
const likeQemu = reachAndStretch('qemu', 2, 1);

// prettier-ignore
export const loads: readonly Load[] = [
  { name: 'coremark', what: 'list, matrix, state machine, CRC', rounds: 2_000, goals: integerLoop },
  { name: 'dhrystone', what: 'records, short strings, procedures', rounds: 2_500_000, goals: integerLoop },
  { name: 'sieve', what: 'primes, a byte each', rounds: 650, goals: integerLoop },
  { name: 'bytecode', what: 'an interpreter of a stack machine', rounds: 300, goals: likeQemu },
  { name: 'sha256', what: 'SHA-256', rounds: 25_000, goals: integerLoop },
  { name: 'copy', what: 'words copied', rounds: 50_000, goals: likeQemu },
  { name: 'copy-1m', what: 'words copied, exactly 1 MiB apart', rounds: 50_000, goals: likeQemu },
  { name: 'rep', what: 'rep movs and rep stos', rounds: 50_000, goals: likeQemu },
  { name: 'sse2', what: 'arrays of integers in SSE2', rounds: 75_000, goals: vectors },
  { name: 'strided', what: 'a word changed in each page of 8 MiB', rounds: 4_000, goals: likeQemu },
  { name: 'pointers', what: 'a chain through 4 MiB', rounds: 2_000, goals: likeQemu },
  { name: 'nbody', what: 'bodies that attract each other, SSE2', rounds: 16_000, goals: vectors },
  { name: 'nbody-x87', what: 'the same in x87', rounds: 7_000, goals: x87 },
  { name: 'matrix', what: 'a product of matrices in AVX2', rounds: 1_300, goals: vectors },
  { name: 'recursion', what: 'functions that call themselves', rounds: 13_000, goals: likeQemu },
  { name: 'functions', what: 'a round through 600 functions', rounds: 7_000, goals: likeQemu },
];

/** The same static program by itself, in QEMU user mode, and in the machine. */
export const linuxLoads: readonly Benchmark[] = loads.map((load) => ({
  ...load,
  groups: ['cpu'],
  unit: 'time',
  mean: 'compute',
  measure: (effort) => measured(load, effort),
}));

async function measured({ name, rounds: count }: Load, effort: Effort) {
  const path = await nativeProgram('loads');
  const qemu = find('qemu-x86_64');
  const commands = (rounds: number) => {
    const args = [name, String(rounds)];
    return {
      halfcell: halfcell('run', path, ...args),
      native: runsNatively() ? ([path, ...args] as const) : undefined,
      // Its usual processor lacks AVX.
      qemu: qemu === undefined ? undefined : ([qemu, '-cpu', 'max', path, ...args] as const),
    };
  };
  return race(commands, operations(count, effort), effort);
}
