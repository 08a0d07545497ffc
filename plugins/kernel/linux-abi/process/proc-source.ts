import type { KernelService } from '../../plugin.js';
import type { LinuxSystem } from '../system.js';
import { vfsCaller } from '../system.js';
import { orErrno } from '../vfs/failure.js';
import type { Location } from '../vfs/location.js';
import { procCpu } from './cpu-flags.js';
import type { ProcProcess, ProcSource, ProcSystem } from '../vfs/procfs/source.js';
import { PAGE_BYTES } from '../../memory/frames.js';
import { procDescriptors } from './proc-descriptors.js';
import { procMemory } from './proc-memory.js';
import type { LinuxProcess } from './process.js';
import { limitsOf } from './resource-limits.js';
import { LinuxThread, threadOf } from './thread.js';
import { SIG_DFL, SIG_IGN } from '../signals/signal-action.js';
import { signalBit } from '../signals/signal-numbers.js';
import type { ProcState, ProcThread } from '../vfs/procfs/source.js';
import type { Context } from '../../contexts/context.js';
import { RELEASE, VERSION } from './uname.js';
import { makeDevice } from '../vfs/device-numbers.js';

const TERMINAL_DEVICE = makeDevice(136, 0);
const NORMAL_PRIORITY = 20;

/** /proc over the process table of one Linux system. `system` answers nothing before that exists. */
export class ProcessSource implements ProcSource {
  constructor(
    private readonly linux: () => LinuxSystem | undefined,
    private readonly service: KernelService,
  ) {}

  currentPid(): number | undefined {
    return this.#current()?.process.pid;
  }

  currentTid(): number | undefined {
    return this.#current()?.tid;
  }

  pids(): readonly number[] {
    return [...(this.linux()?.table.processes.keys() ?? [])].sort((left, right) => left - right);
  }

  process(pid: number): ProcProcess | undefined {
    const found = this.linux()?.table.processes.get(pid);
    return found && new ProcessView(found);
  }

  #current(): LinuxThread | undefined {
    const { personality } = this.service.kernel.current;
    return personality instanceof LinuxThread ? personality : undefined;
  }

  readonly system: ProcSystem = {
    memory: () => {
      const { totalFrames, freeFrames } = this.service.kernel.frames;
      return { totalBytes: totalFrames * PAGE_BYTES, freeBytes: freeFrames * PAGE_BYTES, cachedBytes: 0 };
    },
    uptimeNs: () => this.service.kernel.nowNs(),
    idleNs: () => this.service.kernel.idle.cpuTimeNs,
    realtimeNs: () => BigInt(Math.floor(this.service.kernel.parts.bootTimeNs + this.service.kernel.nowNs())),
    cpu: () => procCpu(this.service.kernel.cpu),
    identity: { release: RELEASE, version: VERSION, hostname: () => this.linux()?.hostname ?? '' },
    counters: () => this.#counters(),
    tasks: () => this.#tasks(),
    random: (into) => into.set(this.linux()?.randomBytes(into.length) ?? []),
  };

  #counters() {
    const { kernel, interrupts } = this.service;
    return {
      contextSwitches: kernel.scheduler.switches,
      interrupts: interrupts.counts.reduce((sum, count) => sum + count, 0),
      forks: kernel.created,
    };
  }

  #tasks() {
    const contexts = this.service.kernel.listContexts();
    const running = contexts.filter(({ state }) => state === 'runnable').length;
    return { running, total: contexts.length, lastPid: this.linux()?.table.lastPid ?? 0 };
  }
}

/** One process as /proc asks about it; every answer is of the moment. */
class ProcessView implements ProcProcess {
  readonly faults = { minor: 0, major: 0 };
  readonly systemNs = 0;
  readonly childSystemNs = 0;

  constructor(private readonly of: LinuxProcess) {}

  get pid() {
    return this.of.pid;
  }

  get ppid() {
    return this.of.parent?.pid ?? 0;
  }

  get pgid() {
    return this.of.pgid;
  }

  get sid() {
    return this.of.sid;
  }

  get terminal() {
    return this.#terminal ? TERMINAL_DEVICE : 0;
  }

  get foregroundPgid() {
    return this.#terminal?.foreground ?? -1;
  }

  get #terminal() {
    const { terminal } = this.of.system;
    return terminal?.session === this.of.sid ? terminal : undefined;
  }

  get comm() {
    return this.of.name;
  }

  get state(): ProcState {
    if (this.of.dead) return 'Z';
    const states = [...this.of.threads.values()].map((context) => stateOf(this.of, context));
    return (['R', 'T', 'S'] as const).find((state) => states.includes(state)) ?? 'S';
  }

  get uid() {
    const { uid, euid, suid } = this.of.identity;
    return { real: uid, effective: euid, saved: suid, fileSystem: euid };
  }

  get gid() {
    const { gid, egid, sgid } = this.of.identity;
    return { real: gid, effective: egid, saved: sgid, fileSystem: egid };
  }

  get groups() {
    return this.of.identity.groups;
  }

  get umask() {
    return this.of.umask;
  }

  get nice() {
    return (this.#leader?.attributes.priority ?? NORMAL_PRIORITY) - NORMAL_PRIORITY;
  }

  get startNs() {
    return this.of.startedNs;
  }

  get userNs() {
    return [...this.of.threads.values()].reduce((sum, { cpuTimeNs }) => sum + cpuTimeNs, this.of.cpuTimeNs);
  }

  get childUserNs() {
    return this.of.childrenCpuTimeNs;
  }

  get signals() {
    const leader = this.#leader && threadOf(this.#leader);
    return {
      pending: leader?.pending.set ?? 0n,
      shared: this.of.pending.set,
      blocked: leader?.blocked ?? 0n,
      ignored: this.#actionSet((handler) => handler === SIG_IGN),
      caught: this.#actionSet((handler) => handler !== SIG_IGN && handler !== SIG_DFL),
    };
  }

  #actionSet(wanted: (handler: number) => boolean): bigint {
    return this.of.actions.reduce(
      (set, { handler }, signal) => (signal > 0 && wanted(handler) ? set | signalBit(signal) : set),
      0n,
    );
  }

  get memory() {
    const space = this.#leader?.space;
    return space && this.of.image ? procMemory(space, this.of.image) : undefined;
  }

  commandLine(): Uint8Array {
    return strings(this.of.dead ? [] : (this.of.image?.argv ?? []));
  }

  environment(): Uint8Array {
    return strings(this.of.dead ? [] : (this.of.image?.environment ?? []));
  }

  auxiliary(): Uint8Array {
    return this.of.image?.auxiliary ?? new Uint8Array();
  }

  get executable(): Location | undefined {
    const { image, system } = this.of;
    if (!image || this.of.dead) return undefined;
    const found = orErrno(() => system.vfs.find({ ...vfsCaller(this.of), uid: 0 }, { path: image.path }));
    return typeof found === 'number' ? undefined : found;
  }

  get cwd() {
    return this.of.dead ? undefined : this.of.cwd;
  }

  descriptors() {
    return this.#leader ? procDescriptors(this.of, this.#leader) : [];
  }

  threads(): readonly ProcThread[] {
    return [...this.of.threads].map(([tid, context]) => ({
      tid,
      comm: context.name,
      state: stateOf(this.of, context),
      userNs: context.cpuTimeNs,
      systemNs: 0,
      signals: { pending: threadOf(context).pending.set, blocked: threadOf(context).blocked },
    }));
  }

  limits() {
    return limitsOf(this.of);
  }

  get #leader(): Context | undefined {
    return this.of.threads.get(this.of.pid) ?? [...this.of.threads.values()][0];
  }
}

function stateOf({ stopped }: LinuxProcess, { state }: Context): ProcState {
  if (stopped || state === 'stopped') return 'T';
  return state === 'runnable' ? 'R' : 'S';
}

const strings = (texts: readonly string[]): Uint8Array =>
  Buffer.from(texts.map((text) => `${text}\0`).join(''), 'latin1');
