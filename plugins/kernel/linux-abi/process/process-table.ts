import type { Context } from '../../contexts/context.js';
import type { Kernel } from '../../kernel.js';
import type { LinuxSystem } from '../system.js';
import type { Location } from '../vfs/location.js';
import { Sig, signalBit, UNBLOCKABLE, defaultAction } from '../signals/signal-numbers.js';
import { isIgnored, SaFlag, SIG_DFL, SIG_IGN } from '../signals/signal-action.js';
import type { SignalInfo } from '../signals/signal-queue.js';
import { leaveSession, wakeOrphanedGroups } from './job-control.js';
import { LinuxProcess } from './process.js';
import type { Identity, WaitStatus } from './process.js';
import { LinuxThread, signalKey, threadOf } from './thread.js';

const CLD = { EXITED: 1, KILLED: 2, DUMPED: 3, STOPPED: 5, CONTINUED: 6 } as const;

export const childKey = (process: LinuxProcess): string => `linux:child:${process.pid}`;
export const vforkKey = (process: LinuxProcess): string => `linux:vfork:${process.pid}`;
export const stopKey = (process: LinuxProcess): string => `linux:stop:${process.pid}`;

/** The one pid space: processes, groups, sessions; who is told of whose end; signals on their way. */
export class ProcessTable {
  readonly processes = new Map<number, LinuxProcess>();
  readonly #threads = new Map<number, Context>();
  #nextPid = 1;
  /** The first process is gone: there is nobody left to run for. */
  onFirstExit: (status: WaitStatus) => void = () => undefined;
  /** A process ended by a signal; told before its memory goes. */
  onKilled: (process: LinuxProcess, info: SignalInfo, context: Context) => void = () => undefined;

  /** A thread takes a signal, and a thread ends: for a tracer. */
  onSignal: ((context: Context, info: SignalInfo) => void) | undefined;
  onStopped: ((process: LinuxProcess, signal: number) => void) | undefined;
  onThreadExit: ((thread: LinuxThread) => void) | undefined;
  /**
   * Set where somebody outside can continue the first process after a stop; told of such a stop. Without it the first
   * process's group is an orphaned one, whose members ^Z does not stop.
   */
  onFirstStopped: (() => void) | undefined;

  /** A process has a new program; its thread has not entered it yet. */
  onExecuted: (process: LinuxProcess, context: Context) => void = () => undefined;
  /**
   * A signal is about to be acted on. A debugger may change it, drop it, or hold it: then the thread comes again with it.
   * Undefined: nobody looks.
   */
  inspectSignal: ((context: Context, info: SignalInfo) => SignalInfo | 'drop' | 'hold') | undefined;

  constructor(private readonly system: LinuxSystem) {}

  private get kernel(): Kernel {
    return this.system.kernel;
  }

  create(parent: LinuxProcess | undefined, identity: Identity, cwd: Location): LinuxProcess {
    const process = new LinuxProcess(
      this.system,
      this.#takePid(),
      parent,
      identity,
      cwd,
      this.kernel.nowNs(),
    );
    parent?.children.add(process);
    this.processes.set(process.pid, process);
    return process;
  }

  /** Makes `context` a thread of `process`; the first one has the process's number. */
  addThread(process: LinuxProcess, context: Context): LinuxThread {
    const tid = process.threads.size === 0 ? process.pid : this.#takePid();
    const thread = new LinuxThread(tid, process);
    context.personality = thread;
    context.attributes = {
      pid: process.pid,
      euid: process.identity.euid,
      egid: process.identity.egid,
      priority: context.attributes.priority,
    };
    process.threads.set(tid, context);
    this.#threads.set(tid, context);
    return thread;
  }

  /** Removes a process that could not be completed. */
  discard(process: LinuxProcess): void {
    process.parent?.children.delete(process);
    this.processes.delete(process.pid);
  }

  /** The number given out last. */
  get lastPid(): number {
    return this.#nextPid - 1;
  }

  threadContext(tid: number): Context | undefined {
    return this.#threads.get(tid);
  }

  /** exec by another thread than the first: it takes over the process's number. */
  becomeLeader(context: Context): void {
    const thread = threadOf(context);
    const { process } = thread;
    if (thread.tid === process.pid) return;
    process.threads.delete(thread.tid);
    this.#threads.delete(thread.tid);
    const leader = new LinuxThread(process.pid, process);
    Object.assign(leader, { blocked: thread.blocked, closeOnExec: thread.closeOnExec });
    context.personality = leader;
    process.threads.set(process.pid, context);
    this.#threads.set(process.pid, context);
  }

  group(pgid: number): LinuxProcess[] {
    return [...this.processes.values()].filter((process) => process.pgid === pgid);
  }

  /** Every thread of the process ends; the first status given stays. */
  exitGroup(process: LinuxProcess, status: WaitStatus): void {
    process.status ??= status;
    for (const context of [...process.threads.values()]) this.kernel.kill(context);
    this.kernel.waits.wake(stopKey(process));
  }

  /** A thread's context is gone. The last one takes the process along. */
  threadExited(context: Context): void {
    const thread = threadOf(context);
    const { process } = thread;
    this.onThreadExit?.(thread);
    process.cpuTimeNs += context.cpuTimeNs;
    // The number may belong to another thread by now: one that called exec became the leader.
    if (process.threads.get(thread.tid) === context) process.threads.delete(thread.tid);
    if (this.#threads.get(thread.tid) === context) this.#threads.delete(thread.tid);
    if (process.threads.size === 0) this.#processExited(process);
  }

  /** The parent has seen the end of it. */
  reap(process: LinuxProcess): void {
    const { parent } = process;
    if (parent) parent.childrenCpuTimeNs += process.cpuTimeNs + process.childrenCpuTimeNs;
    parent?.children.delete(process);
    this.processes.delete(process.pid);
  }

  /** The parent may go on: the child of a vfork has its own image or is gone. */
  releaseParent(process: LinuxProcess): void {
    process.holdsParent = false;
    this.kernel.waits.wake(vforkKey(process));
  }

  /** Sends to a process; some thread that does not block it will take it. */
  sendToProcess(process: LinuxProcess, info: SignalInfo): void {
    if (process.status) return;
    if (info.signal === Sig.KILL) return this.#kill(process, info);
    if (!this.#effectOnArrival(process, info)) return;
    process.pending.push(info);
    const threads = [...process.threads.values()];
    const takers = threads.filter((context) => this.#accepts(context, info.signal));
    const taker = takers.find((context) => context.state === 'blocked') ?? takers[0];
    if (taker) this.kernel.interrupt(taker);
    for (const context of threads) this.#tellWaiter(context);
  }

  sendToThread(context: Context, info: SignalInfo): void {
    const thread = threadOf(context);
    if (thread.process.status) return;
    if (info.signal === Sig.KILL) return this.#kill(thread.process, info);
    if (!this.#effectOnArrival(thread.process, info)) return;
    thread.pending.push(info);
    if (this.#accepts(context, info.signal)) this.kernel.interrupt(context);
    this.#tellWaiter(context);
  }

  /** Whoever waits for a signal that it blocks: sigtimedwait, signalfd. */
  #tellWaiter(context: Context): void {
    this.kernel.waits.wake(signalKey(threadOf(context).tid));
  }

  #kill(process: LinuxProcess, info: SignalInfo): void {
    const [context] = process.threads.values();
    if (context) this.onKilled(process, info, context);
    this.exitGroup(process, { kind: 'killed', signal: Sig.KILL, core: false });
  }

  /** A fault of the thread itself cannot be blocked or ignored: then the default action comes. */
  forceSignal(context: Context, info: SignalInfo): void {
    const thread = threadOf(context);
    const action = thread.process.actions[info.signal];
    const blocked = (thread.blocked & signalBit(info.signal)) !== 0n;
    if (action && (blocked || action.handler === SIG_IGN)) {
      thread.process.actions[info.signal] = { ...action, handler: SIG_DFL };
      thread.blocked &= ~signalBit(info.signal);
    }
    thread.pending.push(info);
    this.kernel.interrupt(context);
  }

  stop(process: LinuxProcess, signal: number): void {
    if (process.stopped) return;
    process.stopped = true;
    process.report = { kind: 'stopped', signal };
    this.onStopped?.(process, signal);
    this.#tellParent(process, CLD.STOPPED, signal);
    for (const context of process.threads.values()) this.kernel.interrupt(context);
    if (!process.parent) this.onFirstStopped?.();
  }

  #continue(process: LinuxProcess): void {
    dropPending(process, STOPS);
    if (!process.stopped) return;
    process.stopped = false;
    process.report = { kind: 'continued', signal: Sig.CONT };
    this.kernel.waits.wake(stopKey(process));
    this.#tellParent(process, CLD.CONTINUED, Sig.CONT);
  }

  /** False when the signal is used up: SIGCONT wakes at once, what is ignored never arrives. */
  #effectOnArrival(process: LinuxProcess, { signal }: SignalInfo): boolean {
    if (signal === Sig.CONT) this.#continue(process);
    if (defaultAction(signal) === 'stop') dropPending(process, signalBit(Sig.CONT));
    const action = process.actions[signal];
    const waitedFor = [...process.threads.values()].some(
      (context) => (threadOf(context).blocked & signalBit(signal)) !== 0n,
    );
    return waitedFor || !action || !isIgnored(action, signal);
  }

  #accepts(context: Context, signal: number): boolean {
    return (threadOf(context).blocked & ~UNBLOCKABLE & signalBit(signal)) === 0n;
  }

  #processExited(process: LinuxProcess): void {
    process.status ??= { kind: 'exited', code: 0 };
    for (const timer of process.intervalTimers.values()) timer.disarm();
    for (const timer of process.timers.values()) timer.disarm();
    this.releaseParent(process);
    leaveSession(this.system, process);
    this.#orphan(process);
    if (!process.parent) return this.#firstExited(process);
    this.#becomeZombie(process, process.parent);
  }

  #firstExited(process: LinuxProcess): void {
    this.processes.delete(process.pid);
    for (const other of [...this.processes.values()])
      this.exitGroup(other, { kind: 'killed', signal: Sig.KILL, core: false });
    this.onFirstExit(process.status ?? { kind: 'exited', code: 0 });
  }

  #becomeZombie(process: LinuxProcess, parent: LinuxProcess): void {
    const onChild = parent.actions[Sig.CHLD];
    const unwanted = onChild?.handler === SIG_IGN || ((onChild?.flags ?? 0) & SaFlag.NOCLDWAIT) !== 0;
    const { status } = process;
    if (status?.kind === 'killed')
      this.#tellParent(process, status.core ? CLD.DUMPED : CLD.KILLED, status.signal);
    else this.#tellParent(process, CLD.EXITED, status?.code ?? 0);
    if (unwanted && process.exitSignal === Sig.CHLD) this.reap(process);
  }

  #tellParent(process: LinuxProcess, code: number, status: number): void {
    const { parent } = process;
    if (!parent) return;
    this.kernel.waits.wake(childKey(parent));
    const stopping = code === CLD.STOPPED || code === CLD.CONTINUED;
    const quiet = stopping && ((parent.actions[Sig.CHLD]?.flags ?? 0) & SaFlag.NOCLDSTOP) !== 0;
    if (process.exitSignal === 0 || quiet) return;
    this.sendToProcess(parent, {
      signal: process.exitSignal,
      code,
      pid: process.pid,
      uid: process.identity.uid,
      status,
    });
  }

  /** Children without a parent belong to the first process. */
  #orphan(process: LinuxProcess): void {
    const adopter = this.processes.get(1);
    const children = [...process.children];
    process.children.clear();
    for (const child of children) {
      child.parent = adopter === process ? undefined : adopter;
      if (!child.parent) continue;
      child.parent.children.add(child);
      child.exitSignal = Sig.CHLD;
      if (child.dead) this.#becomeZombie(child, child.parent);
      else if (child.parentDeathSignal !== 0)
        this.sendToProcess(child, { signal: child.parentDeathSignal, code: 0, pid: process.pid });
    }
    wakeOrphanedGroups(this, process, children);
  }

  #takePid(): number {
    while (this.processes.has(this.#nextPid) || this.#threads.has(this.#nextPid)) this.#nextPid += 1;
    return this.#nextPid++;
  }
}

/** From every queue of the process. */
export function dropPending(process: LinuxProcess, signals: bigint): void {
  process.pending.drop(signals);
  for (const context of process.threads.values()) threadOf(context).pending.drop(signals);
}

const STOPS = [Sig.STOP, Sig.TSTP, Sig.TTIN, Sig.TTOU].reduce((set, signal) => set | signalBit(signal), 0n);
