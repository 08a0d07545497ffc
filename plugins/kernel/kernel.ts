import type { Cpu, GuestMemory } from '../../core/cpu/types.js';
import type { Ports } from '../../core/bus/port-bus.js';
import { Errno } from '../../core/abi/errno.js';
import { Context, kernelEngine } from './contexts/context.js';
import type { Engine } from './contexts/context.js';
import { ContextTable } from './contexts/context-table.js';
import type { GuestContext } from './contexts/context-table.js';
import { Scheduler } from './contexts/scheduler.js';
import { Waits } from './contexts/waits.js';
import { EventRegistry } from './files/events.js';
import type { Description, Provider } from './files/description.js';
import { Futexes } from './contexts/futexes.js';
import type { Abi } from './gate/abi.js';
import type { PadTable } from './gate/pads.js';
import { SegmentFlag } from './image/index.js';
import type { KernelImage } from './image/index.js';
import {
  DIRECT_MAP,
  IMAGE_PHYSICAL,
  IMAGE_VIRTUAL,
  KERNEL_STACK_BYTES,
  KERNEL_STACKS,
} from './image/layout.js';
import { AddressSpace } from './memory/address-space.js';
import { FrameAllocator, PAGE_BYTES, pageCeil } from './memory/frames.js';
import { KernelMap } from './memory/kernel-map.js';
import { MemoryObject } from './memory/memory-object.js';
import type { Pager } from './memory/memory-object.js';
import { PageTable } from './memory/page-table.js';
import { NativeUserMemory, noUserMemory } from './memory/user-memory.js';
import { PreemptionTimer } from './contexts/preemption-timer.js';
import { KernelLog } from './kernel-log.js';

const RSP = 4;

export interface KernelParts {
  readonly cpu: Cpu;
  readonly memory: GuestMemory;
  readonly ports: Ports;
  readonly image: KernelImage;
  readonly pads: PadTable;
  /** Monotonic guest time in nanoseconds. */
  nowNs(): number;
  /** Nanoseconds since 1970 at monotonic time 0. */
  readonly bootTimeNs: number;
  /** Ends the machine: what `kstop`, the last process and a panic ask for. */
  stop(reason: 'shutdown' | 'reset' | 'panic', status: number): void;
}

export interface NewContext {
  readonly engine: Engine;
  readonly abi: Abi;
  readonly name: string;
}

/** Contexts, memory, messages. Everything that has a name or a policy lives elsewhere. */
export class Kernel {
  readonly cpu: Cpu;
  readonly memory: GuestMemory;
  readonly frames: FrameAllocator;
  readonly kernelMap: KernelMap;
  readonly contexts = new Map<number, Context>();
  readonly table: ContextTable;
  readonly scheduler: Scheduler;
  readonly waits: Waits;
  readonly events: EventRegistry;
  readonly futexes: Futexes;
  readonly timer: PreemptionTimer;
  readonly log = new KernelLog();
  readonly idle: Context;
  readonly schemes = new Map<number, Provider>();
  /** Told of every death, after the context has left the tables. */
  readonly onExit = new Set<(context: Context) => void>();
  #nextContextId = 1;
  #nextSpaceId = 1;
  #nextObjectId = 1;
  created = 0;

  constructor(
    readonly parts: KernelParts,
    idleAbi: Abi,
  ) {
    this.cpu = parts.cpu;
    this.memory = parts.memory;
    const { image } = parts;
    this.frames = new FrameAllocator(this.memory, endOfImage(image));
    this.kernelMap = new KernelMap(this.memory, this.frames);
    this.#mapKernel();
    this.table = new ContextTable({
      memory: this.memory,
      kernelMap: this.kernelMap,
      contexts: this.symbol('contexts'),
      contextsPhysical: this.physicalOf(this.symbol('contexts')),
    });
    this.idle = new Context(0, 0, kernelEngine, idleAbi);
    this.idle.name = 'idle';
    this.idle.state = 'runnable';
    this.scheduler = new Scheduler(this.idle, this.idle, parts.nowNs);
    this.waits = new Waits((context) => this.scheduler.ready(context));
    this.events = new EventRegistry(this.waits);
    this.futexes = new Futexes(this.memory, this.waits);
    this.timer = new PreemptionTimer(parts.ports, parts.nowNs);
  }

  get current(): Context {
    return this.scheduler.current;
  }

  /** Whether the processor stands on the context's stack: it runs, or is about to be left for the current one. */
  stackInUse(context: Context): boolean {
    if (context === this.current) return true;
    const below = this.guest(context).stackTop - this.cpu.registers.get(RSP);
    return below >= 0n && below < BigInt(KERNEL_STACK_BYTES);
  }

  nowNs(): number {
    return this.parts.nowNs();
  }

  symbol(name: string): bigint {
    const address = this.parts.image.symbols.get(name);
    if (address === undefined) throw new Error(`the kernel image has no symbol ${name}`);
    return address;
  }

  /** Physical address of something in the kernel image. */
  physicalOf(virtual: bigint): number {
    return Number(virtual - IMAGE_VIRTUAL) + IMAGE_PHYSICAL;
  }

  guest(context: Context): GuestContext {
    return this.table.guest(context.slot);
  }

  /** A context that does not run yet: no address space, no files. Undefined when all slots are taken. */
  createContext({ engine, abi, name }: NewContext): Context | undefined {
    const slot = this.table.take();
    if (slot === undefined) return undefined;
    const context = new Context(slot, this.#nextContextId++, engine, abi);
    this.contexts.set(context.id, context);
    this.created += 1;
    const isolate = engine.kind !== 'native';
    const guest = this.guest(context);
    guest.prepare(this.symbol(isolate ? 'isolate_loop' : 'context_start'), this.kernelMap.root, isolate);
    guest.id = context.id;
    this.rename(context, name);
    return context;
  }

  rename(context: Context, name: string): void {
    context.name = name;
    this.guest(context).name = name;
  }

  start(context: Context): void {
    context.state = 'runnable';
    this.scheduler.ready(context);
  }

  /** Gives the context another address space; takes over the reference. */
  setSpace(context: Context, space: AddressSpace | undefined): void {
    const before = context.space;
    context.space = space;
    context.user = space ? new NativeUserMemory(this.memory, space) : noUserMemory;
    const root = space?.table.root ?? this.kernelMap.root;
    this.guest(context).cr3 = root;
    if (context === this.current) this.cpu.registers.cr3 = BigInt(root);
    before?.release();
  }

  createSpace(): AddressSpace {
    return new AddressSpace({
      id: this.#nextSpaceId++,
      frames: this.frames,
      newTable: () =>
        new PageTable(this.memory, this.frames, this.kernelMap.root, (linear, root) =>
          this.#invalidate(linear, root),
        ),
      newSpace: () => this.createSpace(),
    });
  }

  createObject(sizeBytes = 0, pager?: Pager): MemoryObject {
    return new MemoryObject(this.#nextObjectId++, this.memory, this.frames, sizeBytes, pager);
  }

  /** Marks a context for death. It dies at its next border of the kernel, at once if it never comes there. */
  kill(context: Context): void {
    if (context.state === 'dead') return;
    context.killed = true;
    this.#setWork(context);
    if (context.state === 'notYetStarted') return this.finish(context);
    if (context.state === 'blocked') this.waits.wakeContext(context, 'signal');
    if (context.state === 'stopped') this.start(context);
  }

  /** Lets a context notice that something stands by: a signal, a stop. */
  interrupt(context: Context): void {
    context.interrupted = true;
    this.#setWork(context);
    if (context.state === 'blocked' && context.wait?.onSignal !== 'ignore')
      this.waits.wakeContext(context, 'signal');
  }

  /** Takes a context from the run queue until `resume`; one that waits stays asleep behind the stop. */
  stop(context: Context): void {
    if (context.state === 'stopped' || context.state === 'dead') return;
    this.waits.forget(context);
    this.scheduler.remove(context);
    context.state = 'stopped';
    if (context === this.current) this.scheduler.requestSwitch();
  }

  /** The call that a stop interrupted is made again. */
  resume(context: Context): void {
    if (context.state === 'stopped') this.start(context);
  }

  /** Interrupts per line since boot. */
  interruptCounts(): readonly number[] {
    return this.countInterrupts();
  }

  countInterrupts: () => readonly number[] = () => [];

  #setWork(context: Context): void {
    if (context.engine.kind === 'native') this.guest(context).work = true;
  }

  /** The end of a context: everything it held is given back. Its stack is left only by the next switch. */
  finish(context: Context): void {
    if (context.state === 'dead') return;
    this.waits.forget(context);
    this.scheduler.remove(context);
    context.state = 'dead';
    context.abi.exited?.(this, context);
    context.engine.stop();
    context.consumed?.release(this);
    // What has gone out with a request belongs to that request.
    const sent = context.call?.scratch?.['tag'] !== undefined;
    for (const file of sent ? [] : (context.passed ?? [])) file.release(this);
    const { files, consumed } = context;
    context.files = undefined;
    context.consumed = undefined;
    consumed?.release(this);
    files?.release(this);
    this.setSpace(context, undefined);
    this.contexts.delete(context.id);
    this.table.release(context.slot);
    for (const listener of [...this.onExit]) listener(context);
  }

  /** Where a fd of the context leads, or a negated EBADF. */
  file(context: Context, fd: number): Description | undefined {
    return context.files?.get(fd);
  }

  listContexts(): Context[] {
    return [...this.contexts.values()];
  }

  /** Whether all but `except` wait for something: nobody computes, has been woken, or wakes by itself before `untilNs`. */
  isQuiet(except: Context, untilNs = 0): boolean {
    const waits = ({ state, call, wait }: Context) =>
      state === 'blocked' && call !== undefined && (wait?.deadlineNs ?? Infinity) > untilNs;
    const rests = (context: Context) => waits(context) || IDLE_STATES.has(context.state);
    return this.listContexts().every((context) => context === except || rests(context));
  }

  listSchemes(): Provider[] {
    return [...this.schemes.values()];
  }

  #invalidate(linear: number, root: number): void {
    if (this.current.space?.table.root === root) this.cpu.invalidatePage(BigInt(linear));
  }

  #mapKernel(): void {
    const { image } = this.parts;
    for (const start of [DIRECT_MAP, KERNEL_STACKS, IMAGE_VIRTUAL]) this.kernelMap.reserve(start);
    this.kernelMap.mapDirect(DIRECT_MAP, this.memory.ramBytes);
    for (const segment of image.segments) this.#loadSegment(segment);
  }

  #loadSegment({ virtual, physical, bytes, memoryBytes, flags }: KernelImage['segments'][number]): void {
    this.memory.write(physical, bytes);
    for (let at = 0; at < memoryBytes; at += PAGE_BYTES) {
      const write = (flags & SegmentFlag.write) !== 0;
      const execute = (flags & SegmentFlag.execute) !== 0;
      this.kernelMap.mapPage(virtual + BigInt(at), physical + at, { write, execute });
    }
  }
}

const IDLE_STATES: ReadonlySet<Context['state']> = new Set(['notYetStarted', 'stopped', 'dead']);

export const noDescriptor = -Errno.EBADF;

function endOfImage(image: KernelImage): number {
  return pageCeil(Math.max(...image.segments.map((segment) => segment.physical + segment.memoryBytes)));
}
