import { HostError } from '../../core/errors/host-error.js';
import { importFile } from '../../core/plugin/plugin-file.js';
import type { Name } from './names.js';

/**
 * Runs a TypeScript or JavaScript file that finds `names` as globals and `args` in `process.argv`. Resolves when the file
 * has run to its end, top-level `await` included; rejects with what it throws, or with PLUGIN_FILE when it does not compile.
 */
export async function runScript(
  file: string,
  args: readonly string[],
  names: readonly Name[],
): Promise<void> {
  const undo = setGlobals(names);
  const { argv } = process;
  process.argv = [argv[0] ?? 'node', file, ...args];
  try {
    await importFile(file);
  } catch (failure) {
    throw thrownByScript(failure) ?? failure;
  } finally {
    process.argv = argv;
    undo();
  }
}

/** What the script itself threw, as against a file that does not compile. */
function thrownByScript(failure: unknown): unknown {
  if (!(failure instanceof HostError) || failure.code !== 'PLUGIN_FILE') return undefined;
  return failure.cause instanceof Error && 'errors' in failure.cause ? undefined : failure.cause;
}

function setGlobals(names: readonly Name[]): () => void {
  const before = names.map(({ name }) => [name, Object.getOwnPropertyDescriptor(globalThis, name)] as const);
  for (const { name, value } of names) Object.defineProperty(globalThis, name, { value, configurable: true });
  return () => {
    for (const [name, descriptor] of before) {
      if (descriptor) Object.defineProperty(globalThis, name, descriptor);
      else delete (globalThis as Record<string, unknown>)[name];
    }
  };
}
