import { isOffered, UNSUPPORTED } from '../packets/packet.js';
import type { Answer } from '../packets/packet.js';
import { findPacket } from '../packets/packet-table.js';
import { EBADMSG, EBUSY, ETIMEDOUT, Refused } from '../packets/refused.js';
import { RegisterTransport } from '../registers/transport.js';
import type { Dispose, ResumeRequest, Stop, Target, ThreadId } from '../target.js';
import { BreakpointSet } from './breakpoint-set.js';
import { ModuleView } from './module-view.js';
import { OpenFiles } from './open-files.js';
import { PacketQueue } from './packet-queue.js';
import { stopReply } from './stop-reply.js';
import { ThreadSelection } from './thread-selection.js';

const ATTACH_LIMIT_MS = 1_500;

export interface SessionOutput {
  send(body: string): void;
  stopAcknowledging(): void;
  /** The peer reads slower than it asks; `Session.drained` follows. */
  readonly congested: boolean;
  /** No more packets; what was sent still arrives. */
  close(): void;
}

export interface SessionOptions {
  /** For a fault of the target, not of the debugger. */
  readonly report: (error: unknown) => void;
  readonly attachLimitMs?: number;
}

/**
 * One debugger, from its connection to its leave.
 * attaching: the machine was asked to stop; stopped, running; gone: detached, killed or exited.
 */
export class Session {
  /** Features that gdb said it has. */
  readonly peer = new Set<string>();
  readonly registers: RegisterTransport;
  readonly threads: ThreadSelection;
  readonly breakpoints: BreakpointSet;
  readonly modules: ModuleView;
  readonly files = new OpenFiles();
  /** Documents that gdb reads piece by piece. */
  readonly documents = new Map<string, Uint8Array>();
  /** Threads still to be listed by `qsThreadInfo`. */
  readonly threadsToList: ThreadId[] = [];

  readonly #queue: PacketQueue;
  readonly #unlisten: Dispose;
  #state: 'attaching' | 'stopped' | 'running' | 'gone' = 'stopped';
  #attachTimer: NodeJS.Timeout | undefined;
  #stop: Stop | undefined;
  /** A stop that waits until gdb has read the list of modules. */
  #deferred: Stop | undefined;
  #request: ResumeRequest = {};

  constructor(
    readonly target: Target,
    readonly output: SessionOutput,
    readonly options: SessionOptions,
  ) {
    this.registers = new RegisterTransport(target);
    this.threads = new ThreadSelection(target);
    this.breakpoints = new BreakpointSet(target);
    this.modules = new ModuleView(target);
    this.#queue = this.#createQueue();
    this.#stop = target.run.lastStop;
    this.#unlisten = target.run.onStop((stop) => this.#stopped(stop));
    if (target.run.running) this.#attach();
  }

  receive(body: string): void {
    this.#queue.push(body);
  }

  /** Ctrl-C. One that crosses a stop on the wire means nothing any more. */
  interrupt(): void {
    if (this.#state === 'running') this.target.run.interrupt();
  }

  /** The peer has caught up. */
  drained(): void {
    this.#queue.drain();
  }

  lost(): void {
    if (this.#state === 'stopped') this.output.send(new Refused(EBADMSG, 'damaged packet').answer(false));
  }

  /** Why the target stands now. */
  get stop(): Stop {
    return this.#stop ?? { kind: 'pause' };
  }

  threadOf(stop: Stop): ThreadId {
    return stop.thread ?? this.threads.current;
  }

  resume(request: ResumeRequest): void {
    const deferred = this.#deferred;
    if (deferred) return this.#tell(deferred);
    this.#request = request;
    this.#state = 'running';
    this.documents.clear();
    this.target.run.resume(request);
  }

  /** Leaves the target running, with nothing of this session in it. Any number of calls. */
  detach(): void {
    if (this.#leave()) this.target.run.resume({});
  }

  kill(): void {
    if (!this.target.kill) return this.detach();
    if (this.#leave()) this.target.kill();
  }

  /** False when the session had ended before. */
  #leave(): boolean {
    if (this.#state === 'gone') return false;
    this.#state = 'gone';
    clearTimeout(this.#attachTimer);
    this.#unlisten();
    this.#queue.clear();
    this.breakpoints.clear();
    this.files.closeAll();
    this.target.syscallCatch?.set('none');
    return true;
  }

  #createQueue(): PacketQueue {
    return new PacketQueue({
      isWordy: () => this.peer.has('error-message'),
      isCongested: () => this.output.congested,
      answer: (body) => this.#answer(body),
      send: (body) => this.output.send(body),
      report: this.options.report,
    });
  }

  #attach(): void {
    this.#state = 'attaching';
    this.#queue.hold();
    this.#attachTimer = setTimeout(
      () => this.#queue.release(),
      this.options.attachLimitMs ?? ATTACH_LIMIT_MS,
    );
    this.target.run.interrupt();
  }

  #answer(body: string): Answer | Promise<Answer> {
    const { packet, rest } = findPacket(body);
    if (!packet || !isOffered(packet, this.target)) return UNSUPPORTED;
    if (!packet.whileRunning) this.#demandStopped();
    return packet.answer(this, rest);
  }

  /** @throws Refused */
  #demandStopped(): void {
    if (this.#state === 'attaching') throw new Refused(ETIMEDOUT, 'the machine does not stop');
    if (this.#state === 'running') throw new Refused(EBUSY, 'the machine runs');
    if (this.#state === 'gone') throw new Refused(EBUSY, 'the session has ended');
  }

  #stopped(stop: Stop): void {
    if (stop.kind === 'modules' && this.#state === 'running' && !this.modules.wasRead) return this.#carryOn();
    this.#stop = stop;
    this.threads.stoppedIn(this.threadOf(stop));
    if (this.#state === 'attaching') this.#attached();
    else if (this.#state === 'running') this.#announce(stop);
  }

  #attached(): void {
    clearTimeout(this.#attachTimer);
    this.#state = 'stopped';
    this.#queue.release();
  }

  /** gdb knows no modules, so their change is no reason to stop. */
  #carryOn(): void {
    this.target.run.resume(this.#request);
  }

  /** Symbols first: a stop among modules that gdb does not know yet waits until it has read them. */
  #announce(stop: Stop): void {
    const ended = stop.kind === 'exited' || stop.kind === 'killed';
    if (
      !ended &&
      stop.kind !== 'modules' &&
      stop.kind !== 'exec' &&
      this.modules.changed(this.threadOf(stop))
    ) {
      this.#deferred = stop;
      this.#state = 'stopped';
      this.output.send(stopReply(this, { kind: 'modules', thread: this.threadOf(stop) }));
      return;
    }
    this.#tell(stop);
  }

  #tell(stop: Stop): void {
    this.#deferred = undefined;
    this.#state = 'stopped';
    this.output.send(stopReply(this, stop));
    if (stop.kind !== 'exited' && stop.kind !== 'killed') return;
    this.#leave();
    this.output.close();
  }
}
