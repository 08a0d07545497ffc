import { Errno } from '../../../../core/abi/errno.js';
import type { Context } from '../../contexts/context.js';
import { toU32 } from '../../gate/arguments.js';
import type { Handler } from '../../gate/abi.js';
import type { Kernel } from '../../kernel.js';
import { processCpuNs } from '../process/cpu-time.js';
import type { LinuxProcess } from '../process/process.js';
import { TickingTimer } from '../process/ticking-timer.js';
import { Sig } from '../signals/signal-numbers.js';
import { processOf } from '../system.js';
import { fail } from '../vfs/failure.js';
import { decodeTimeval, encodeTimeval } from './timespec.js';

const ITIMER_REAL = 0;
const TIMEVAL_BYTES = 16;
const SI_KERNEL = 128;
const NS_PER_S = 1e9;
const NS_PER_US = 1000;

/** ITIMER_REAL, VIRTUAL and PROF, in order: user time is all the time that is counted. */
const kinds: readonly { readonly signal: number; readonly countsCpu: boolean }[] = [
  { signal: Sig.ALRM, countsCpu: false },
  { signal: Sig.VTALRM, countsCpu: true },
  { signal: Sig.PROF, countsCpu: true },
];

function timerOf(kernel: Kernel, process: LinuxProcess, which: number): TickingTimer {
  const kind = kinds[which] ?? fail(Errno.EINVAL);
  const known = process.intervalTimers.get(which);
  if (known) return known;
  const expired = () => {
    timer.take();
    process.system.table.sendToProcess(process, { signal: kind.signal, code: SI_KERNEL });
  };
  const clock = kind.countsCpu ? () => processCpuNs(kernel, process) : () => kernel.nowNs();
  const timer = new TickingTimer(kernel, expired, clock);
  process.intervalTimers.set(which, timer);
  return timer;
}

export const alarm: Handler = (kernel, context, seconds) => {
  const timer = timerOf(kernel, processOf(context), ITIMER_REAL);
  const left = Math.ceil(timer.leftNs / NS_PER_S);
  set(timer, toU32(seconds) * NS_PER_S, 0);
  return left;
};

export const setitimer: Handler = (kernel, context, which, pointer, oldPointer) => {
  const timer = timerOf(kernel, processOf(context), which);
  const intervalNs = pointer === 0 ? 0 : decodeTimeval(context, pointer);
  const valueNs = pointer === 0 ? 0 : decodeTimeval(context, pointer + TIMEVAL_BYTES);
  if (intervalNs === undefined || valueNs === undefined) return -Errno.EINVAL;
  if (oldPointer !== 0) write(context, oldPointer, timer);
  set(timer, valueNs, intervalNs);
  return 0;
};

export const getitimer: Handler = (kernel, context, which, pointer) => {
  write(context, pointer, timerOf(kernel, processOf(context), which));
  return 0;
};

function set(timer: TickingTimer, valueNs: number, intervalNs: number): void {
  if (valueNs === 0) timer.disarm();
  else timer.armIn(valueNs, intervalNs);
}

/** An armed timer never shows zero. */
function write(context: Context, pointer: number, timer: TickingTimer): void {
  const leftNs = timer.armed ? Math.max(NS_PER_US, timer.leftNs) : 0;
  context.user.write(pointer, Buffer.concat([encodeTimeval(timer.intervalNs), encodeTimeval(leftNs)]));
}
