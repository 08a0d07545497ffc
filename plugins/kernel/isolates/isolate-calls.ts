import type { Context } from '../contexts/context.js';
import type { Outcome } from '../contexts/outcome.js';

/** How the kernel side of isolate contexts gets its requests and gives its answers. */
export interface IsolateCalls {
  /** The index of the pad to call, its arguments written to the frame; or a wait for the next request. */
  next(context: Context): Outcome;
  reply(context: Context, result: number): void;
}
