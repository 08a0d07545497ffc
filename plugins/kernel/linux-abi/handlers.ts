import type { Handler } from '../gate/abi.js';
import * as clone from './syscalls/clone.js';
import * as execute from './syscalls/execute.js';
import * as exit from './syscalls/exit.js';
import * as futex from './syscalls/futex.js';
import * as identity from './syscalls/identity.js';
import * as memory from './syscalls/memory.js';
import * as signals from './syscalls/signals.js';
import * as system from './syscalls/system.js';
import * as time from './syscalls/time.js';
import * as usage from './syscalls/usage.js';
import * as wait from './syscalls/wait.js';
import { yield_ } from '../syscalls/time.js';

type Module = Readonly<Record<string, unknown>>;

const processFamily: readonly Module[] = [
  clone,
  execute,
  exit,
  futex,
  identity,
  memory,
  signals,
  system,
  time,
  usage,
  wait,
];

/** By the names of the call table: adding a call is `export const NAME: Handler` in a file of `syscalls/`. */
export const linuxHandlers: Readonly<Record<string, Handler | undefined>> = {
  ...Object.assign({}, ...processFamily),
  sched_yield: yield_,
};
