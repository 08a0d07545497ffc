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
const PORT = 0x500;
/** Where the program says that it begins and that it has done. */
const [BEGIN_PORT, END_PORT] = [0xf0, 0xf4];

interface TappedAccess {
  readonly name: string;
  readonly what: string;
  /** In 32-bit code; edx is `PORT`, and ecx counts. */
  readonly instruction: readonly number[];
  readonly tap: (machine: Machine, scope: Scope) => void;
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

/** The program: begin, `count` times the access, end. */
const program = (instruction: readonly number[], count: number): number[] => [
  ...[0xba, ...le32(PORT), 0xb9, ...le32(count), 0xe6, BEGIN_PORT],
  ...[...instruction, 0x49, 0x75, 0x100 - (instruction.length + 3)],
  ...[0xe6, END_PORT, 0xf4],
];

async function secondsOfEach({ instruction, tap }: TappedAccess, count: number): Promise<number> {
  const machine = new Machine({ ramMiB: 2 }, createCpu);
  const scope = new Scope('bench');
  const times: number[] = [];
  const note = { read8: () => 0, write8: () => void times.push(processorSeconds()) };
  try {
    machine.ports.claim(BEGIN_PORT, 1, note);
    machine.ports.claim(END_PORT, 1, { ...note, write8: () => (note.write8(), machine.powerOff()) });
    tapIn(scope, machine.hooks.reset, { name: 'bench' }, () =>
      enterProtectedMode(machine.cpu.registers, CODE),
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

/** Of this process, so that what else the computer does does not count. */
function processorSeconds(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1e6;
}
