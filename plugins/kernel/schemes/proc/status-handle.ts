import { Errno } from '../../../../core/abi/errno.js';
import { ContextStatus, ContextVerb } from '../../../../core/abi/kernel-schemes.js';
import { ContextStatusBuffer } from '../../../../core/abi/structs.js';
import { decodeWords, encodeWords } from '../../../../core/abi/wire.js';
import type { Context } from '../../contexts/context.js';
import type { Outcome } from '../../contexts/outcome.js';
import type { Caller, UserBuffer } from '../../files/description.js';
import type { Kernel } from '../../kernel.js';
import type { ProcHandle } from './proc-handle.js';

type Verb = (kernel: Kernel, target: Context) => number;

function stop(kernel: Kernel, target: Context): number {
  if (target.state === 'dead') return -Errno.EOWNERDEAD;
  kernel.stop(target);
  return 0;
}

function resume(kernel: Kernel, target: Context): number {
  if (target.state === 'dead') return -Errno.EOWNERDEAD;
  kernel.resume(target);
  return 0;
}

function interrupt(kernel: Kernel, target: Context): number {
  if (target.state === 'blocked') kernel.waits.wakeContext(target, 'signal');
  return 0;
}

function forceKill(kernel: Kernel, target: Context): number {
  kernel.kill(target);
  return 0;
}

const VERBS: ReadonlyMap<number, { readonly act: Verb; readonly privileged: boolean }> = new Map([
  [ContextVerb.STOP, { act: stop, privileged: true }],
  [ContextVerb.UNSTOP, { act: resume, privileged: true }],
  [ContextVerb.INTERRUPT, { act: interrupt, privileged: false }],
  [ContextVerb.FORCE_KILL, { act: forceKill, privileged: false }],
]);

/** The state of a context, and the verbs that change it. */
export class StatusHandle implements ProcHandle {
  constructor(
    private readonly context: Context,
    private readonly privileged: boolean,
  ) {}

  read(_caller: Caller, into: UserBuffer): Outcome {
    const status = statusOf(this.context);
    if (status !== ContextStatus.UNHANDLED_EXCEPTION) return into.write(encodeWords([status]));
    const { vector = 0, errorCode = 0, address = 0 } = this.context.exception ?? {};
    return into.write(
      ContextStatusBuffer.encode({ status, kind: vector, code: errorCode, address: BigInt(address) }),
    );
  }

  write({ kernel }: Caller, from: UserBuffer): Outcome {
    const verb = VERBS.get(decodeWords(from.read(8))[0] ?? 0);
    if (!verb) return -Errno.EINVAL;
    if (verb.privileged && !this.privileged) return -Errno.EPERM;
    const result = verb.act(kernel, this.context);
    return result < 0 ? result : from.length;
  }
}

/** NotYetStarted → Runnable, by any write. */
export class StartHandle implements ProcHandle {
  constructor(private readonly context: Context) {}

  write({ kernel }: Caller, from: UserBuffer): Outcome {
    if (this.context.state !== 'notYetStarted') return -Errno.EINVAL;
    kernel.start(this.context);
    return from.length;
  }
}

function statusOf(context: Context): number {
  if (context.state === 'dead') {
    if (context.exception) return ContextStatus.UNHANDLED_EXCEPTION;
    return context.killed && !context.completed ? ContextStatus.FORCE_KILLED : ContextStatus.DEAD;
  }
  const states = {
    runnable: context.killed ? ContextStatus.FORCE_KILLED : ContextStatus.RUNNABLE,
    blocked: ContextStatus.BLOCKED,
    notYetStarted: ContextStatus.NOT_YET_STARTED,
    stopped: ContextStatus.STOPPED,
  };
  return states[context.state];
}
