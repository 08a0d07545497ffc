import type { Kernel } from '../../plugins/kernel/kernel.js';

const LOOK_MS = 5;
const PATIENCE_MS = 10_000;

/** Resolves once every program waits for something: nothing more happens by itself. Or after ten seconds, or at the end. */
export function settled(kernel: Kernel, finished: Promise<unknown>): Promise<void> {
  return new Promise((resolve) => {
    const latest = performance.now() + PATIENCE_MS;
    const end = () => {
      clearInterval(timer);
      resolve();
    };
    const look = () => {
      if (performance.now() > latest || isUp(kernel)) end();
    };
    const timer = setInterval(look, LOOK_MS);
    finished.then(end, end);
  });
}

const isUp = (kernel: Kernel): boolean => kernel.contexts.size > 1 && kernel.isQuiet(kernel.idle);
