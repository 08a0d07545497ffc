import { expect } from 'chai';
import { CPU_MODELS } from './model.js';
import type { CpuModel } from './model.js';
import { createCpuBench } from './testing/bench.js';
import type { Segment } from './types.js';

const UD = 6;
const [RAX, RCX, RDX, RBX] = [0, 1, 2, 3] as const;
const CODE_32 = { selector: 8, base: 0n, limit: 0xffff_ffff, attributes: 0xc09b };

/** A processor of the model with this code; `raised` are the vectors so far. */
function createModel(model: CpuModel, hex: string) {
  const raised: number[] = [];
  const bench = createCpuBench({
    model,
    tierTwo: { countTo: 2, atOnce: 'quickly' },
    bus: {
      exception(vector) {
        raised.push(vector);
        bench.cpu.requestExit();
        return true;
      },
    },
  });
  bench.load(hex);
  return { ...bench, raised };
}

/** The vector that one instruction raises, if any. */
function raised(model: CpuModel, hex: string, codeSegment?: Segment): number | undefined {
  const { cpu, registers, raised } = createModel(model, hex);
  if (codeSegment) registers.setSegment('cs', codeSegment);
  cpu.run(1);
  return raised[0];
}

function cpuid(model: CpuModel, leaf: number, register: number): number {
  const { cpu, registers } = createModel(model, '0f a2');
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

  it('have no more in code of 32 bits', () => {
    const popcnt = 'f3 0f b8 c1';
    const undefinedIn = CPU_MODELS.filter((model) => raised(model, popcnt, CODE_32) === UD);
    expect(undefinedIn).to.deep.equal(['x86-64']);
  });

  it('raise #UD behind a loop that is compiled with what follows it', () => {
    // dec eax; jnz back; popcnt eax, ecx
    const { cpu, registers, raised } = createModel('x86-64', 'ff c8 75 fc f3 0f b8 c1');
    registers.set(RAX, 100n);
    cpu.run(1000);
    expect([cpu.regionsCompiled, raised, registers.get(RAX)]).to.deep.equal([1, [UD], 0n]);
  });

  it('take lzcnt for bsr in both tiers before x86-64-v3', () => {
    // lzcnt eax, ecx; add edx, eax; jmp back
    const sums = CPU_MODELS.map((model) => {
      const { cpu, registers } = createModel(model, 'f3 0f bd c1 01 c2 eb f8');
      registers.set(RCX, 16n);
      cpu.run(3 * 100);
      return registers.get(RDX);
    });
    expect(sums).to.deep.equal([400n, 400n, 2700n, 2700n]);
  });

  it('tell by CPUID what they have', () => {
    const hasPopcnt = CPU_MODELS.map((model) => (cpuid(model, 1, RCX) >>> 23) & 1);
    const hasBmi2 = CPU_MODELS.map((model) => (cpuid(model, 7, RBX) >>> 8) & 1);
    expect([hasPopcnt, hasBmi2]).to.deep.equal([
      [0, 1, 1, 1],
      [0, 0, 1, 1],
    ]);
  });
});
