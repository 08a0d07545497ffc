import type { Context } from '../../contexts/context.js';
import type { Outcome } from '../../contexts/outcome.js';
import type { Description } from '../../files/description.js';
import type { Caller, UserBuffer } from '../../files/description.js';
import type { Kernel } from '../../kernel.js';
import type { Mappable } from './mappable.js';
import type { Location } from '../vfs/location.js';
import type { AttributeChange, Stat } from '../vfs/types.js';

/** poll(2). */
export const Poll = {
  IN: 1,
  PRI: 2,
  OUT: 4,
  ERR: 8,
  HUP: 0x10,
  NVAL: 0x20,
  RDNORM: 0x40,
  WRNORM: 0x100,
  RDHUP: 0x2000,
} as const;

export interface Readiness {
  readonly events: number;
  readonly keys: readonly string[];
}

/** What is behind a descriptor, as Linux calls see it. What a kind leaves out answers the errno in brackets. */
export interface OpenFile {
  /** Where it lies, for /proc and *at calls; undefined for pipes and the like. */
  readonly location?: Location | undefined;
  /** What /proc/self/fd shows when there is no location: `pipe:[4]`. */
  readonly text?: string;
  readonly seekable: boolean;
  /** [EINVAL] Bytes moved; `position` is -1 for what has none. */
  read?(caller: Caller, into: UserBuffer, position: number, nonBlocking: boolean): Outcome;
  /** [EINVAL] */
  write?(caller: Caller, from: UserBuffer, position: number, mode: WriteMode): Outcome;
  stat(): Stat;
  /** [EINVAL] */
  change?(change: AttributeChange): void;
  /** [EINVAL] */
  sync?(dataOnly: boolean): void;
  /** [ENOTTY] */
  ioctl?(caller: Caller, request: number, argument: number): Outcome;
  /** Bits of Poll that hold now, and the wait queues that tell of a change. Left out: always ready. */
  poll?(context: Context): Readiness;
  /** [ENODEV] */
  mappable?(context: Context): Mappable | undefined;
  close?(kernel: Kernel): void;
}

export interface WriteMode {
  readonly append: boolean;
  readonly nonBlocking: boolean;
}

export type { Description };
