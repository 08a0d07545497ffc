import type { Fuzzer, Mismatch } from './fuzz.js';
import type { CpuState, Patch, TestCase } from './test-case.js';
import { emptyState, YMM_AT } from './test-case.js';

type Change = (state: CpuState) => void;

/** The mismatch with everything zero that does not matter for it. */
export function simplified(mismatch: Mismatch, fuzzer: Fuzzer): Mismatch {
  const changes = [...stateChanges()];
  let best = mismatch;
  const attempt = (testCase: TestCase) => {
    const still = fuzzer.again(best.row, testCase);
    if (still && sameNames(still, mismatch)) best = still;
  };
  for (const change of changes) {
    const before = copyOf(best.testCase.before);
    change(before);
    attempt({ ...best.testCase, before });
  }
  attempt({ ...best.testCase, memory: best.testCase.memory.map(halved) });
  attempt({ ...best.testCase, memory: best.testCase.memory.map(halved) });
  for (const patch of best.testCase.memory)
    attempt({ ...best.testCase, memory: best.testCase.memory.filter((other) => other !== patch) });
  return best;
}

const names = ({ differences }: Mismatch) => differences.map(([name]) => name).join();
const sameNames = (a: Mismatch, b: Mismatch) => names(a) === names(b);

const copyOf = (state: CpuState): CpuState => ({ ...state, gpr: state.gpr.slice(), fx: state.fx.slice() });

const halved = ({ offset, bytes }: Patch): Patch => ({ offset, bytes: bytes.subarray(0, bytes.length / 2) });

export function* stateChanges(): Generator<Change> {
  const empty = emptyState();
  for (let i = 0; i < 16; i++) yield ({ gpr }) => void (gpr[i] = 0n);
  yield (state) => void (state.rflags = 2n);
  for (const flag of [1n, 4n, 0x10n, 0x40n, 0x80n, 0x400n, 0x800n])
    yield (state) => void (state.rflags &= ~flag);
  const places: [number, number][] = [
    [0, 2],
    [2, 2],
    [4, 1],
    [24, 4],
  ];
  for (let i = 0; i < 24; i++) places.push([32 + i * 16, 16]);
  for (let i = 0; i < 16; i++) places.push([YMM_AT + i * 16, 16]);
  for (const [at, length] of places) yield ({ fx }) => fx.set(empty.fx.subarray(at, at + length), at);
}
