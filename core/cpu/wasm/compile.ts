import { setFlagsFromString } from 'node:v8';

const V8_MAJOR = parseInt(process.versions.v8, 10);

/** Names of flags that are on by default and stand in the way. */
const FLAGS = [
  'liftoff',
  'wasm-lazy-compilation',
  // V8 11's allocator for huge functions keeps loop variables on the stack: half the speed. Later engines have neither it nor the flag.
  ...(V8_MAJOR <= 11 ? ['turbo-use-mid-tier-regalloc-for-huge-functions'] : []),
];

/**
 * Compiles with the optimising compiler at once. Left to dynamic tiering, a function with one big loop runs 20 to 50 times slower until
 * it happens to tier up, and cannot be replaced while it runs.
 */
export const compileOptimised = (bytes: Uint8Array): WebAssembly.Module =>
  withCompileFlags(() => new WebAssembly.Module(bytes));

/** The same on V8's own threads, while this one goes on. */
export async function compileInBackground(bytes: Uint8Array): Promise<WebAssembly.Module> {
  const release = holdFlags();
  try {
    return await WebAssembly.compile(bytes);
  } finally {
    release();
  }
}

/** Runs `action` under the flags that are in force while `compileInBackground` compiles. */
export function withCompileFlags<T>(action: () => T): T {
  const release = holdFlags();
  try {
    return action();
  } finally {
    release();
  }
}

// The flags belong to the process, and V8's threads read them for as long as they compile.
let holders = 0;

/** Keeps the flags in force until every holder has let go. */
function holdFlags(): () => void {
  if (holders++ === 0) setFlags('no-');
  return () => {
    if (--holders === 0) setFlags('');
  };
}

function setFlags(prefix: '' | 'no-'): void {
  for (const flag of FLAGS) setFlagsFromString(`--${prefix}${flag}`);
}
