import { expect } from 'chai';
import { CPU_MODELS } from './model.js';
import type { CpuModel } from './model.js';
import { createCpuBench } from './testing/bench.js';

const UD = 6;
const [RAX, RBX, RCX] = [0, 3, 1] as const;

/** The vector that one instruction raises, if any. */
function raised(model: CpuModel, hex: string): number | undefined {
  let seen: number | undefined;
  const bench = createCpuBench({
    model,
    bus: {
      exception(vector) {
        seen = vector;
        bench.cpu.requestExit();
        return true;
      },
    },
  });
  bench.load(hex);
  bench.cpu.run(1);
  return seen;
}

function cpuid(model: CpuModel, leaf: number, register: number): number {
  const { cpu, load, registers } = createCpuBench({ model });
  load('0f a2');
  registers.set(RAX, BigInt(leaf));
  cpu.run(1);
  return registers.low(register);
}

const EXAMPLES: readonly (readonly [text: string, hex: string, since: CpuModel])[] = [
  ['paddd xmm0, xmm1', '66 0f fe c1', 'x86-64'],
  ['pshufb xmm0, xmm1', '66 0f 38 00 c1', 'x86-64-v2'],
  ['popcnt eax, ecx', 'f3 0f b8 c1', 'x86-64-v2'],
  ['movbe eax, [rsp]', '0f 38 f0 04 24', 'x86-64-v3'],
  ['andn eax, ecx, edx', 'c4 e2 70 f2 c2', 'x86-64-v3'],
  ['aesenc xmm0, xmm1', '66 0f 38 dc c1', 'max'],
  ['sha256msg1 xmm0, xmm1', '0f 38 cc c1', 'max'],
];

describe('models of the processor', () => {
  for (const [text, hex, since] of EXAMPLES) {
    it(`have ${text} from ${since} on, and raise #UD before`, () => {
      const undefinedIn = CPU_MODELS.filter((model) => raised(model, hex) === UD);
      expect(undefinedIn).to.deep.equal(CPU_MODELS.slice(0, CPU_MODELS.indexOf(since)));
    });
  }

  it('tell by CPUID what they have', () => {
    const hasPopcnt = CPU_MODELS.map((model) => (cpuid(model, 1, RCX) >>> 23) & 1);
    const hasBmi2 = CPU_MODELS.map((model) => (cpuid(model, 7, RBX) >>> 8) & 1);
    expect([hasPopcnt, hasBmi2]).to.deep.equal([
      [0, 1, 1, 1],
      [0, 0, 1, 1],
    ]);
  });
});
