import { Body } from './body.js';
import { compileAnyhow } from './compile.js';
import { i32 } from './expr.js';
import { ModuleBuilder } from './module.js';
import { f32x4, f64x2, v128 } from './simd-expr.js';

const zero = i32.const(0);

/** Products and addends whose sum depends on whether the product is rounded first, in memory: x, y, z, and behind them the answer. */
function probe(fused: typeof f32x4.relaxedMultiplyAdd): Uint8Array<ArrayBuffer> {
  const body = new Body([]);
  const at = (offset: number) => v128.load(zero, offset);
  body.do(v128.store(zero, fused(at(0), at(16), at(32)), 48));
  const module = new ModuleBuilder();
  module.importMemory('memory', 1);
  module.add({ parameters: [], results: [] }, body, 'run');
  return module.bytes();
}

let answer: boolean | undefined;

/** Whether relaxed multiply-add rounds once here, as it does on processors that have such an instruction. */
export const roundsOnce = (): boolean => (answer ??= ask());

function ask(): boolean {
  try {
    return singlesRoundOnce() && doublesRoundOnce();
  } catch (error) {
    if (error instanceof WebAssembly.CompileError) return false;
    throw error;
  }
}

function answerOf(bytes: Uint8Array, put: (memory: ArrayBuffer) => void): ArrayBuffer {
  const memory = new WebAssembly.Memory({ initial: 1 });
  const { exports } = new WebAssembly.Instance(compileAnyhow(bytes), { env: { memory } });
  put(memory.buffer);
  (exports['run'] as () => void)();
  return memory.buffer;
}

function singlesRoundOnce(): boolean {
  const tiny = 2 ** -20;
  const buffer = answerOf(probe(f32x4.relaxedMultiplyAdd), (memory) => {
    new Float32Array(memory).set([1 + tiny, 1 - tiny, 3, 1], 0);
    new Float32Array(memory).set([1 - tiny, 1 + tiny, 5, 1 + tiny], 4);
    new Float32Array(memory).set([-1, -1, 7, -1], 8);
  });
  const [a, b, c, d] = new Float32Array(buffer, 48, 4);
  return a === -(tiny ** 2) && b === a && c === 22 && d === tiny;
}

function doublesRoundOnce(): boolean {
  const tiny = 2 ** -40;
  const buffer = answerOf(probe(f64x2.relaxedMultiplyAdd), (memory) => {
    new Float64Array(memory).set([1 + tiny, 3, 1 - tiny, 5, -1, 7]);
  });
  const [a, b] = new Float64Array(buffer, 48, 2);
  return a === -(tiny ** 2) && b === 22;
}
