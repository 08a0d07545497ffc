import type { Handler } from '../gate/abi.js';
import * as clone from './syscalls/clone.js';
import * as copy from './syscalls/copy.js';
import * as epoll from './syscalls/epoll.js';
import * as eventFiles from './syscalls/event-files.js';
import * as execute from './syscalls/execute.js';
import * as exit from './syscalls/exit.js';
import * as futex from './syscalls/futex.js';
import * as identity from './syscalls/identity.js';
import * as intervalTimers from './syscalls/interval-timers.js';
import * as kill from './syscalls/kill.js';
import * as memory from './syscalls/memory.js';
import * as refused from './syscalls/refused.js';
import * as scheduling from './syscalls/scheduling.js';
import * as signals from './syscalls/signals.js';
import * as system from './syscalls/system.js';
import * as timers from './syscalls/timers.js';
import * as time from './syscalls/time.js';
import * as usage from './syscalls/usage.js';
import * as wait from './syscalls/wait.js';
import * as directories from './syscalls/directories.js';
import * as memoryFiles from './syscalls/memory-files.js';
import * as names from './syscalls/names.js';
import * as open from './syscalls/open.js';
import * as poll from './syscalls/poll.js';
import * as socketMessages from './syscalls/socket-messages.js';
import * as socketOptions from './syscalls/socket-options.js';
import * as sockets from './syscalls/sockets.js';
import * as stat from './syscalls/stat.js';
import * as transfer from './syscalls/transfer.js';
import { yield_ } from '../syscalls/time.js';

type Module = Readonly<Record<string, unknown>>;

const processFamily: readonly Module[] = [
  clone,
  execute,
  exit,
  futex,
  identity,
  intervalTimers,
  kill,
  memory,
  refused,
  scheduling,
  signals,
  system,
  time,
  timers,
  usage,
  wait,
];

const fileFamily: readonly Module[] = [
  copy,
  directories,
  epoll,
  eventFiles,
  memoryFiles,
  names,
  open,
  poll,
  socketMessages,
  socketOptions,
  sockets,
  stat,
  transfer,
];

function isHandler(entry: [string, unknown]): entry is [string, Handler] {
  return typeof entry[1] === 'function';
}

/** By the names of the call table: adding a call is `export const NAME: Handler` in a file of `syscalls/`. */
export const linuxHandlers: Readonly<Record<string, Handler | undefined>> = {
  ...Object.fromEntries(
    [...processFamily, ...fileFamily].flatMap((module) => Object.entries(module)).filter(isHandler),
  ),
  sched_yield: yield_,
};
