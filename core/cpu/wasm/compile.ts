import { setFlagsFromString } from 'node:v8';

/**
 * Compiles with the optimising compiler at once. Left to dynamic tiering, a function with one big loop runs 20 to 50 times slower until
 * it happens to tier up, and cannot be replaced while it runs.
 */
export function compileOptimised(bytes: Uint8Array): WebAssembly.Module {
  setFlagsFromString('--no-liftoff');
  setFlagsFromString('--no-wasm-lazy-compilation');
  try {
    return new WebAssembly.Module(bytes);
  } finally {
    setFlagsFromString('--liftoff');
    setFlagsFromString('--wasm-lazy-compilation');
  }
}
