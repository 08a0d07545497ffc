import { setFlagsFromString } from 'node:v8';

const [V8_MAJOR, V8_MINOR] = process.versions.v8.split('.').map(Number) as [number, number];

/** Flags that are on by default, and stand in the way of the optimising compiler. */
const OPTIMISED = [
  'liftoff',
  'wasm-lazy-compilation',
  // What is compiled counts its instructions and calls little: it can neither go on for long nor exhaust the stack.
  'wasm-stack-checks',
  // V8 11's allocator for huge functions keeps loop variables on the stack: half the speed. Later engines have neither it nor the flag.
  ...(V8_MAJOR <= 11 ? ['turbo-use-mid-tier-regalloc-for-huge-functions'] : []),
];
/** Flags with which the quick compiler counts loops, to call the other one; compiled at the first call, a function would be under them. */
const TIERING = ['wasm-dynamic-tiering', 'wasm-tier-up', 'wasm-lazy-compilation'];
/** What V8 knows, but does not offer: instructions before 11.4, which branches are rare before 14. */
const FEATURES = [
  ...(V8_MAJOR < 11 || (V8_MAJOR === 11 && V8_MINOR < 4) ? ['experimental-wasm-relaxed-simd'] : []),
  ...(V8_MAJOR < 14 ? ['experimental-wasm-branch-hinting'] : []),
];

/**
 * Compiles within milliseconds, to half the speed of optimised code, and for good: with dynamic tiering a function with one big loop runs 20
 * to 50 times slower until it happens to tier up, and cannot be replaced while it runs.
 */
export function compileQuickly(bytes: Uint8Array): WebAssembly.Module {
  setFlags(TIERING, 'no-');
  const release = holdFeatures();
  try {
    return new WebAssembly.Module(bytes);
  } finally {
    release();
    setFlags(TIERING, '');
  }
}

/** Compiles as V8 sees fit, what is as quick however it is compiled; may be called while others compile. */
export function compileAnyhow(bytes: Uint8Array): WebAssembly.Module {
  const release = holdFeatures();
  try {
    return new WebAssembly.Module(bytes);
  } finally {
    release();
  }
}

/** Compiles with the optimising compiler on V8's own threads, while this one goes on. */
export async function compileInBackground(bytes: Uint8Array): Promise<WebAssembly.Module> {
  const release = holdFlags();
  try {
    return await WebAssembly.compile(withMark(bytes));
  } finally {
    release();
  }
}

/** The same while this thread waits. */
export function compileOptimised(bytes: Uint8Array): WebAssembly.Module {
  const release = holdFlags();
  try {
    return new WebAssembly.Module(withMark(bytes));
  } finally {
    release();
  }
}

/** An empty custom section: for the same bytes V8 answers what it has compiled of them before. */
const MARK = [0, 2, 1, 'o'.charCodeAt(0)];

function withMark(bytes: Uint8Array): Uint8Array<ArrayBuffer> {
  const marked = new Uint8Array(bytes.length + MARK.length);
  marked.set(bytes);
  marked.set(MARK, bytes.length);
  return marked;
}

// The flags belong to the process, and V8's threads read them for as long as they compile.

/** Keeps flags in force until everybody who has called this has let go. */
function holder(begin: () => void, end: () => void): () => () => void {
  let holders = 0;
  return () => {
    if (holders++ === 0) begin();
    return () => {
      if (--holders === 0) end();
    };
  };
}

const holdFeatures = holder(
  () => setFlags(FEATURES, ''),
  () => setFlags(FEATURES, 'no-'),
);
const holdOptimiser = holder(
  () => setFlags(OPTIMISED, 'no-'),
  () => setFlags(OPTIMISED, ''),
);

function holdFlags(): () => void {
  const releases = [holdFeatures(), holdOptimiser()];
  return () => releases.forEach((release) => release());
}

function setFlags(flags: readonly string[], prefix: '' | 'no-'): void {
  for (const flag of flags) setFlagsFromString(`--${prefix}${flag}`);
}
