import { MAX_INSTRUCTION_BYTES } from '../isa/instruction.js';
import { CpuGuestMemory } from '../memory/guest-memory.js';
import { BlockProbe } from './block-probe.js';
import { Breakpoints } from './breakpoints.js';
import { CodeCache } from './code-cache.js';
import { DebugRegisters } from './debug-registers.js';
import { Delivery, TripleFault } from './delivery.js';
import { Exceptions } from './exceptions.js';
import { sharedGenerated } from './generated.js';
import type { Generated } from './generated.js';
import { Guard } from './guard.js';
import { functionsFor, ONCE_REFUSED } from './imports.js';
import { InstructionFetch } from './instruction-fetch.js';
import { Attention, Leave, State } from './layout.js';
import { Linker } from './linker.js';
import { LinearMemory } from './linear-memory.js';
import { hiddenFeatures } from './model.js';
import type { CpuModel } from './model.js';
import { MemoryUnit } from './memory-unit.js';
import { OutsideAccesses } from './outside-accesses.js';
import { Paging } from './paging.js';
import { PendingInterrupts } from './pending-interrupts.js';
import { RareForms } from './rare-forms.js';
import { CpuRegisters } from './registers.js';
import { powerOn } from './reset.js';
import { Segments } from './segments.js';
import { putSnapshot, takeSnapshot } from './snapshot.js';
import { CpuState } from './state.js';
import type { OwnContext, SystemContext } from './system/context.js';
import { cpuidLeaf } from './system/cpuid.js';
import type {
  Cpu,
  CpuBus,
  CpuidLeaf,
  CpuOptions,
  CpuSnapshot,
  ExitReason,
  Undo,
  WatchKind,
} from './types.js';
import { unitTraps } from './unit-traps.js';
import { Watchpoints } from './watchpoints.js';
import { TierTwo } from './tier-two/tier-two.js';
import type { TierTwoOptions } from './tier-two/tier-two.js';
import { helperSignatures } from './x87/index.js';

const MAX_BUDGET = 0x7fff_ffff;

export class X86Cpu implements Cpu {
  readonly registers: CpuRegisters;
  readonly memory: CpuGuestMemory;
  readonly state: CpuState;
  readonly #bus: CpuBus;
  readonly #code: CodeCache;
  readonly #unit: MemoryUnit;
  readonly #fetch: InstructionFetch;
  readonly #guard: Guard;
  readonly #exceptions: Exceptions;
  readonly #probe: BlockProbe;
  readonly #interrupts: PendingInterrupts;
  readonly #breakpoints = new Breakpoints();
  readonly #watchpoints = new Watchpoints();
  readonly #debug: DebugRegisters;
  readonly #rare: RareForms;
  readonly #tierTwo: TierTwo | undefined;
  readonly #context: SystemContext;
  readonly #generated: Generated;
  readonly #model: CpuModel;
  readonly #linker: Linker;
  #run: (budget: number) => number;
  /** Instructions after which optimised code is worth compiling. */
  #optimiseAt = 500_000;
  #retiredBefore = 0;
  /** Budget of the run of generated code that is under way, else 0. */
  #slice = 0;
  #running = false;
  #stop: ExitReason | undefined;

  constructor({ ramBytes, bus, prebuilt, seed, model = 'max', tierTwo = false }: CpuOptions) {
    const generated = (this.#generated = sharedGenerated(prebuilt));
    this.#bus = bus;
    this.#model = model;
    this.state = new CpuState(ramBytes);
    this.#guard = new Guard(this.state);
    const paging = new Paging(this.state);
    const code = () => this.#code;
    this.#unit = new MemoryUnit(
      this.state,
      paging,
      code,
      bus,
      this.#watchpoints,
      () => this.#noticeWatch(),
      () => this.#fetch.isStack(),
    );
    this.#fetch = new InstructionFetch({
      state: this.state,
      unit: this.#unit,
      code,
      rows: generated.rowsOf(model),
      fault: (fault) => this.#guard.record(fault),
    });
    const linear = new LinearMemory(this.state, paging, this.#unit, code);
    const segments = new Segments(this.state, linear);
    const delivery = new Delivery(this.state, linear, segments);
    this.#interrupts = new PendingInterrupts(this.state, bus, delivery);
    this.#rare = new RareForms(generated, this.state);
    this.#debug = this.#createDebug();
    this.#exceptions = new Exceptions(this.state, bus, delivery, this.#debug);
    this.#probe = new BlockProbe(this.state, bus);
    this.#tierTwo = tierTwo ? this.#createTierTwo(tierTwo) : undefined;
    this.#linker = this.#createLinker();
    this.#rare.useLinker(this.#linker);
    this.#code = this.#createCode(tierTwo ? tierTwo.countTo : 0);
    const outside = this.#createOutside();
    this.memory = new CpuGuestMemory(
      this.state,
      paging,
      this.#code,
      (...access) => outside.notice(...access),
      (...write) => outside.noticeWrite(...write),
    );
    this.registers = new CpuRegisters(this.state, {
      translationChanged: () => this.flushTlb(),
      controlChanged: () => this.#controlChanged(),
      interruptsMayBeEnabled: () => this.#interrupts.attend(),
    });
    const hidden = hiddenFeatures(model);
    this.#context = this.#createContext({ memory: linear, segments, delivery, hidden, seed });
    this.#run = this.#link(generated.tierOne);
    this.reset();
  }

  get retired(): number {
    if (this.#slice === 0) return this.#retiredBefore;
    return this.#retiredBefore + this.#slice - this.state.get32(State.left);
  }

  /** How many regions the second tier has compiled. */
  get regionsCompiled(): number {
    return this.#tierTwo?.compiled ?? 0;
  }

  /** How many of them are in use, or about to be. */
  get regionsAlive(): number {
    return this.#tierTwo?.alive ?? 0;
  }

  get lastWatch() {
    return this.#watchpoints.last;
  }

  cpuid(leaf: number, subleaf = 0): CpuidLeaf {
    return cpuidLeaf(this.state, this.#context.hidden, leaf >>> 0, subleaf);
  }

  run(maxInstructions: number): ExitReason {
    if (this.#running) throw new Error('run() called from inside run()');
    this.#running = true;
    if (this.#probe.begins()) this.#code.flush();
    this.state.set32(State.syscallTapped, this.#bus.syscall ? 1 : 0);
    try {
      return this.#runUntil(this.#retiredBefore + maxInstructions);
    } catch (error) {
      if (error instanceof TripleFault) return 'tripleFault';
      throw error;
    } finally {
      this.#running = false;
      this.#tierTwo?.refresh();
      this.state.set32(State.attention, 0);
      this.#stop = undefined;
    }
  }

  requestExit(): void {
    if (this.#running) this.#leave('request');
    else this.#stop = 'request';
  }

  setInterruptLine(high: boolean): void {
    this.#interrupts.setLine(high);
  }

  raiseNmi(): void {
    this.#interrupts.raiseNmi();
  }

  addBreakpoint(linear: bigint, applies?: () => boolean): Undo {
    return this.#breakpoints.add(linear, applies, (offset) => this.#code.invalidateOffset(offset));
  }

  addWatchpoint(linear: bigint, length: number, kind: WatchKind, applies?: () => boolean): Undo {
    return this.#watchpoints.add({ linear, length, kind, applies }, () => this.#watchesChanged());
  }

  reset(): void {
    this.#interrupts.reset();
    this.#breakpoints.passing = undefined;
    powerOn(this.state);
    this.#changedEntirely();
  }

  flushTlb(): void {
    this.state.tlb.flush();
  }

  invalidatePage(linear: bigint): void {
    this.state.tlb.invalidatePage(Number(linear & 0xffff_ffffn));
  }

  save(): CpuSnapshot {
    return takeSnapshot(this.state, this.#retiredBefore);
  }

  restore(snapshot: CpuSnapshot): void {
    putSnapshot(this.state, snapshot);
    this.#retiredBefore = snapshot.retired;
    this.#changedEntirely();
  }

  #watchesChanged(): void {
    this.#watchpoints.mark(this.state.watchedPages);
    this.flushTlb();
  }

  #changedEntirely(): void {
    this.#debug.update();
    this.#code.flush();
    this.flushTlb();
    this.#controlChanged();
  }

  #runUntil(end: number): ExitReason {
    for (;;) {
      this.#guard.rethrow();
      if (this.#watchpoints.holds(this.#bus)) return 'watchpoint';
      if (this.#stop) return this.#stop;
      if (this.#breakpoints.passing === undefined) this.#interrupts.deliver();
      if (this.state.get32(State.halted) !== 0) return 'halt';
      if (this.#retiredBefore >= end) return 'budget';
      this.#runSlice(Math.min(end - this.#retiredBefore, MAX_BUDGET));
    }
  }

  /** One stretch of generated code, and what ended it. */
  #runSlice(budget: number): void {
    const { state } = this;
    const single = this.#debug.begin() || this.#breakpoints.passing !== undefined;
    state.set32(State.attention, 0);
    this.#slice = single ? 1 : budget;
    const reason = this.#run(this.#slice);
    const executed = this.#slice - state.get32(State.left);
    this.#retiredBefore += executed;
    this.#slice = 0;
    if (this.#retiredBefore >= this.#optimiseAt) this.#optimise();
    if (this.#stop !== 'breakpoint') this.#breakpoints.passing = undefined;
    if (reason === Leave.exception && !this.#guard.hasFailed) this.#exceptions.raiseRecorded();
    else if (!this.#guard.hasFailed && this.#debug.end(executed)) this.#exceptions.raiseDebugTrap();
  }

  /** Optimised code comes when this thread next waits for something, and takes over between two slices. */
  #optimise(): void {
    this.#optimiseAt = Infinity;
    void this.#generated.optimisedTierOne.then((module) => {
      this.#run = this.#link(module);
    });
  }

  #link(tierOne: WebAssembly.Module): (budget: number) => number {
    return this.#linker.link(tierOne).exports['run'] as (budget: number) => number;
  }

  #leave(reason: ExitReason): void {
    this.#stop ??= reason;
    this.state.set32(State.attention, Attention.leave);
  }

  #noticeWatch(): void {
    this.#watchpoints.isHit = true;
    if (this.state.get32(State.attention) === 0) this.state.set32(State.attention, Attention.watch);
  }

  /** Behind an instruction that hit a watchpoint: whether generated code has to be left. The rest is for `#runUntil`. */
  #attend(): boolean {
    if (this.#debug.waitsForBorder()) return true;
    this.state.set32(State.attention, Attention.none);
    if (this.#watchpoints.holds(this.#bus)) {
      this.#stop = 'watchpoint';
      return true;
    }
    return this.state.get32(State.attention) !== 0;
  }

  #createTierTwo(options: TierTwoOptions): TierTwo {
    const parts = {
      state: this.state,
      rows: this.#generated.rowsOf(this.#model),
      signatures: helperSignatures,
      table: this.#rare.table,
      first: this.#generated.forms.count,
      linker: () => this.#linker,
      arena: () => this.#code.arena,
      retired: () => this.retired,
      hasBreakpoint: (offset: number) => this.#hasBreakpoint(offset),
      isCode: (physical: number) => this.#code.isCode(physical),
    };
    return new TierTwo(parts, options);
  }

  #createOutside(): OutsideAccesses {
    return new OutsideAccesses({
      watchpoints: this.#watchpoints,
      debug: this.#debug,
      translate: (linear) => this.memory.translate(linear, this.state.get64(State.cr3))?.physical,
      hit: () => this.#noticeWatch(),
    });
  }

  #createContext(given: OwnContext): SystemContext {
    return {
      ...given,
      state: this.state,
      code: this.#code,
      bus: this.#bus,
      retired: () => this.retired,
      debug: this.#debug,
      controlChanged: () => this.#controlChanged(),
      reportUndefined: (rip) => this.#reportUndefined(rip),
    };
  }

  #createDebug(): DebugRegisters {
    return new DebugRegisters(this.state, {
      watch: (linear, length, kind, hit) => this.addWatchpoint(linear, length, kind, hit),
      codeChanged: (offset) => this.#code.invalidateOffset(offset),
    });
  }

  #hasBreakpoint(offset: number): boolean {
    return this.#breakpoints.atOffset(offset) || this.#debug.atOffset(offset);
  }

  #createCode(countTo: number): CodeCache {
    return new CodeCache({
      state: this.state,
      countTo,
      pageAt: (distance) => this.#tierTwo?.pageAt(this.state.get64(State.rip) & -4096n, distance),
      forgets: (...bytes) => this.#tierTwo?.forget(...bytes),
      forgetsAll: () => this.#tierTwo?.forgetAll(),
      decodeRecord: this.#generated.linkDecoder(this.state, this.#model),
      rows: this.#generated.rowsOf(this.#model),
      pageBecameCode: (physical) => this.#unit.protectFromWrites(physical),
      hasBreakpoint: (offset) => this.#hasBreakpoint(offset),
      anyBreakpoint: () => this.#breakpoints.any || this.#debug.anyBreakpoint,
      blockDecoded: () => this.#probe.tell,
    });
  }

  /** What generated modules import: functions in TypeScript, and the page walk in front of them. */
  #createLinker(): Linker {
    const functions = functionsFor({
      state: this.state,
      guard: this.#guard,
      unit: this.#unit,
      code: () => this.#code,
      context: () => this.#context,
      tierTwo: this.#tierTwo,
      once: () => this.#once(),
      attend: () => this.#attend(),
    });
    const { exports } = new WebAssembly.Instance(this.#generated.pageWalk, { env: functions as never });
    return new Linker(this.#generated, { ...functions, ...exports, forms: this.#rare.table });
  }

  /** A record for one execution: across a page border, or under a breakpoint. */
  #once(): number {
    const rip = this.state.get64(State.rip);
    if (this.#breakpoints.stopsAt(rip)) {
      this.#leave('breakpoint');
      this.#breakpoints.passing = rip;
      return ONCE_REFUSED.leave;
    }
    if (this.#debug.stopsAt(rip)) return ONCE_REFUSED.leave;
    const bytes = this.#fetch.bytes();
    return bytes ? this.#code.decodeOnce(bytes, Number(rip & 0xfffn)) : ONCE_REFUSED.fault;
  }

  #controlChanged(): void {
    this.state.modeChanged();
    this.state.set32(State.fpuTrap, unitTraps(this.state));
  }

  #reportUndefined(rip: bigint): void {
    const bytes =
      this.memory.readLinear(rip, MAX_INSTRUCTION_BYTES) ??
      this.memory.readLinear(rip, 1) ??
      new Uint8Array();
    this.#bus.undefinedOpcode?.(rip, bytes, this.#fetch.rowName(bytes));
  }
}
