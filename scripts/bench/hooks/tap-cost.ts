import { createCpu } from '../../../core/cpu/index.js';
import { tapIn, tapKeyIn } from '../../../core/hooks/untap.js';
import { Scope } from '../../../core/lifecycle/scope.js';
import { enterProtectedMode } from '../../../core/loader/protected-mode.js';
import { Machine } from '../../../core/machine/machine.js';
import type { Benchmark } from '../benchmark.js';
import { operations } from '../benchmark.js';
import { goals } from '../goals.js';
import { takeTurns } from '../measure.js';

const CODE = 0x1_0000;
const WATCHED = 0x8_0000;
const TABLES = [0x4000, 0x5000, 0x6000] as const;
const [PRESENT, LARGE] = [3n, 0x80n] as const;
const PORT = 0x500;
/** Where the program says that it begins and that it has done. */
const [BEGIN_PORT, END_PORT] = [0xf0, 0xf4];

interface TappedAccess {
  readonly name: string;
  readonly what: string;
  /** edx is `PORT`, and ecx counts. */
  readonly instruction: readonly number[];
  readonly tap: (machine: Machine, scope: Scope) => void;
  /** In 64-bit code instead. */
  readonly isLong?: true;
}

const le32 = (value: number): number[] => [0, 8, 16, 24].map((shift) => (value >>> shift) & 0xff);

const accesses: readonly TappedAccess[] = [
  {
    name: 'tap-port',
    what: 'out to a port with one tap',
    instruction: [0xee],
    tap: (machine, scope) => tapKeyIn(scope, machine.hooks.portOut, PORT, { name: 'bench' }, () => true),
  },
  {
    name: 'tap-syscall',
    what: 'a syscall instruction that one tap answers',
    instruction: [0x0f, 0x05],
    isLong: true,
    tap: (machine, scope) => tapIn(scope, machine.hooks.syscallEnter, { name: 'bench' }, () => true),
  },
  {
    name: 'tap-page',
    what: 'a store to a word that is watched, with one tap',
    instruction: [0xa3, ...le32(WATCHED)],
    tap: (machine, scope) => {
      scope.use('watch', () => machine.cpu.addWatchpoint(BigInt(WATCHED), 4, 'write'));
      tapIn(scope, machine.hooks.watch, { name: 'bench' }, () => true);
    },
  },
];

/** What one access costs that somebody has tapped. */
export const tapCosts: readonly Benchmark[] = accesses.map((access) => ({
  name: access.name,
  what: access.what,
  groups: ['hooks'],
  unit: 'time',
  goals: [goals.within(100e-9)],
  measure: (effort) =>
    takeTurns({ halfcell: async () => [await secondsOfEach(access, operations(1_000_000, effort))] }, effort),
}));

/** So many before time counts: V8 has optimised code by then, and no thread compiles any more. */
const WARM_COUNT = 2_000_000;

const repeated = (instruction: readonly number[], count: number): number[] => [
  ...[0xb9, ...le32(count)],
  ...[...instruction, 0xff, 0xc9, 0x75, 0x100 - (instruction.length + 4)],
];

/** The program: the access to warm up, begin, `count` times the access, end. */
const program = (instruction: readonly number[], count: number): number[] => [
  ...[0xba, ...le32(PORT), ...repeated(instruction, WARM_COUNT)],
  ...[0xe6, BEGIN_PORT, ...repeated(instruction, count), 0xe6, END_PORT, 0xf4],
];

async function secondsOfEach({ instruction, tap, isLong }: TappedAccess, count: number): Promise<number> {
  const machine = new Machine({ ramMiB: 2 }, createCpu);
  const scope = new Scope('bench');
  const times: number[] = [];
  const note = { read8: () => 0, write8: () => void times.push(processorSeconds()) };
  try {
    machine.ports.claim(BEGIN_PORT, 1, note);
    machine.ports.claim(END_PORT, 1, { ...note, write8: () => (note.write8(), machine.powerOff()) });
    tapIn(scope, machine.hooks.reset, { name: 'bench' }, () =>
      isLong ? enterLongMode(machine) : enterProtectedMode(machine.cpu.registers, CODE),
    );
    machine.memory.write(CODE, Uint8Array.from(program(instruction, count)));
    tap(machine, scope);
    machine.start();
    await machine.finished;
    return ((times[1] ?? NaN) - (times[0] ?? NaN)) / count;
  } finally {
    await scope.close();
    await machine.close();
  }
}

/** The first 2 MiB, each at its own address. */
function enterLongMode({ memory, cpu: { registers } }: Machine): void {
  const [top, directory, pages] = TABLES;
  memory.write64(top, BigInt(directory) | PRESENT);
  memory.write64(directory, BigInt(pages) | PRESENT);
  memory.write64(pages, LARGE | PRESENT);
  registers.cr3 = BigInt(top);
  registers.rip = BigInt(CODE);
}

/** Of this process, so that what else the computer does does not count. */
function processorSeconds(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1e6;
}
