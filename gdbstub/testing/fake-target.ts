import type {
  Breakpoints,
  Files,
  Module,
  Modules,
  ResumeRequest,
  RunControl,
  Stop,
  Target,
  TargetMemory,
  TargetRegisters,
  ThreadId,
  ThreadInfo,
  Threads,
  WatchAccess,
  Watchpoints,
} from '../target.js';
import { SparseMemory } from './sparse-memory.js';
import { TinyCpu } from './tiny-cpu.js';
import type { Access } from './tiny-cpu.js';

const GENERAL = 'rax rcx rdx rbx rsp rbp rsi rdi r8 r9 r10 r11 r12 r13 r14 r15'.split(' ');
const SLICE_INSTRUCTIONS = 200;
const SIGILL = 4;

interface Watch {
  readonly address: bigint;
  readonly lengthBytes: number;
  readonly access: WatchAccess;
}

/** A machine in memory with one running thread, and blocked ones that stand still. Features are taken off by deleting them. */
export class FakeTarget implements Target {
  readonly bytes = new SparseMemory();
  readonly cpu = new TinyCpu(this.bytes);
  /** Values of all registers that the CPU does not have. */
  readonly others = new Map<string, bigint>([['cr3', 0x1000n]]);
  /** Registers of threads that wait, by thread. */
  readonly blocked = new Map<ThreadId, Map<string, bigint>>();
  readonly fileBytes = new Map<string, Uint8Array>();
  readonly breaks = new Set<{ address: bigint }>();
  readonly watches = new Set<Watch>();
  readonly listeners = new Set<(stop: Stop) => void>();
  readonly requests: ResumeRequest[] = [];
  threadInfos: ThreadInfo[] = [{ id: 1, name: 'main', state: 'running' }];
  current: ThreadId = 1;
  moduleList: Module[] = [];
  /** `run.interrupt()` has no effect: a machine that hangs. */
  deaf = false;

  osAbi: 'none' | 'GNU/Linux' = 'none';
  main: string | undefined;

  readonly registers: TargetRegisters = {
    features: ['segments', 'system'],
    read: (thread, name) => this.#readRegister(thread, name),
    write: (thread, name, value) => this.#writeRegister(thread, name, value),
  };

  readonly memory: TargetMemory = {
    read: (_thread, address, length) => this.bytes.read(address, length),
    write: (_thread, address, bytes) => this.bytes.write(address, bytes),
  };

  readonly breakpoints: Breakpoints = {
    set: (address) => this.#hold(this.breaks, { address }),
  };

  readonly watchpoints: Watchpoints = {
    set: (address, lengthBytes, access) => this.#hold(this.watches, { address, lengthBytes, access }),
  };

  readonly threads: Threads;
  readonly modules: Modules = { list: () => this.moduleList };
  readonly files: Files = { open: (path) => openBytes(this.fileBytes.get(path)) };
  readonly run: FakeRun = new FakeRun(this);

  constructor() {
    const isCurrent = () => this.current;
    this.threads = {
      list: () => this.threadInfos,
      get current() {
        return isCurrent();
      },
    };
  }

  execFile(): string | undefined {
    return this.main;
  }

  #hold<T>(set: Set<T>, entry: T): () => void {
    set.add(entry);
    return () => void set.delete(entry);
  }

  #readRegister(thread: ThreadId, name: string): bigint | undefined {
    if (thread !== this.current) return this.blocked.get(thread)?.get(name);
    const general = GENERAL.indexOf(name);
    if (general >= 0) return this.cpu.registers[general];
    if (name === 'rip') return this.cpu.rip;
    if (name === 'eflags') return this.cpu.rflags;
    return this.others.get(name) ?? 0n;
  }

  #writeRegister(thread: ThreadId, name: string, value: bigint): boolean {
    if (thread !== this.current) return false;
    const general = GENERAL.indexOf(name);
    if (general >= 0) this.cpu.registers[general] = value;
    else if (name === 'rip') this.cpu.rip = value;
    else if (name === 'eflags') this.cpu.rflags = value;
    else this.others.set(name, value);
    return true;
  }
}

function openBytes(bytes: Uint8Array | undefined) {
  if (!bytes) return undefined;
  return { sizeBytes: bytes.length, read: (at: number, length: number) => bytes.subarray(at, at + length) };
}

const overlaps = (watch: Watch, access: Access): boolean =>
  watch.address < access.address + BigInt(access.length) &&
  access.address < watch.address + BigInt(watch.lengthBytes) &&
  (watch.access === 'access' || watch.access === access.kind);

class FakeRun implements RunControl {
  readonly canStepRange = true;
  running = false;
  lastStop: Stop | undefined;
  #request: ResumeRequest = {};
  #interrupted = false;
  /** Called with the system call number; answers whether to stop. */
  onSyscall: (number: number) => Stop | undefined = () => undefined;

  constructor(readonly target: FakeTarget) {}

  onStop(listener: (stop: Stop) => void): () => void {
    this.target.listeners.add(listener);
    return () => void this.target.listeners.delete(listener);
  }

  resume(request: ResumeRequest): void {
    this.#interrupted = false;
    if (this.running) return;
    this.running = true;
    this.#request = request;
    this.target.requests.push(request);
    setImmediate(() => this.#slice(true));
  }

  interrupt(): void {
    this.#interrupted = this.running && !this.target.deaf;
  }

  stop(stop: Stop): void {
    if (!this.running) return;
    this.running = false;
    this.lastStop = stop;
    for (const listener of [...this.target.listeners]) listener(stop);
  }

  #slice(first: boolean): void {
    for (let count = 0; this.running && count < SLICE_INSTRUCTIONS; count++) {
      const stop = this.#advance(first && count === 0);
      if (stop) return this.stop(stop);
    }
    if (this.#interrupted) return this.stop({ kind: 'interrupt' });
    if (this.running) setImmediate(() => this.#slice(false));
  }

  #advance(leavesBreakpoint: boolean): Stop | undefined {
    const { cpu, breaks } = this.target;
    const atBreak = [...breaks].some(({ address }) => address === cpu.rip);
    if (atBreak && !leavesBreakpoint) return { kind: 'breakpoint' };
    return this.#execute();
  }

  #execute(): Stop | undefined {
    const { cpu } = this.target;
    const event = cpu.step();
    if (event === 'invalid') return { kind: 'signal', signal: SIGILL };
    if (event === 'halt') cpu.rip -= 1n;
    if (event === 'syscall') return this.onSyscall(Number(cpu.registers[0] ?? 0n));
    return this.#watched() ?? this.#stepped();
  }

  #watched(): Stop | undefined {
    for (const watch of this.target.watches) {
      const hit = this.target.cpu.accesses.find((access) => overlaps(watch, access));
      if (hit) return { kind: 'watchpoint', access: hit.kind, address: watch.address };
    }
    return undefined;
  }

  #stepped(): Stop | undefined {
    const { step } = this.#request;
    const { rip } = this.target.cpu;
    const inside = step?.range && rip >= step.range.start && rip < step.range.end;
    return step && !inside ? { kind: 'step' } : undefined;
  }
}
