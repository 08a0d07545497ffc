import { Bootstrap } from './bootstrap.js';
import type { Os } from '../runtime/os.js';

/** The kernel's first process. Its environment is init's. */
export function main(os: Os): number {
  const bootstrap = new Bootstrap(os);
  if (os.carried === undefined) bootstrap.startInit(undefined, os.env);
  os.serve(bootstrap);
  return 0;
}
