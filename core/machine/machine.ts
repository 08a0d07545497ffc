import { IrqLines } from '../bus/irq-lines.js';
import { MmioBus } from '../bus/mmio-bus.js';
import { PortBus } from '../bus/port-bus.js';
import { MachineClock } from '../clock/clock.js';
import { RealClock } from '../clock/real-clock.js';
import { VirtualClock } from '../clock/virtual-clock.js';
import type { Cpu, CpuBus, CpuOptions, ExitReason, GuestMemory } from '../cpu/types.js';
import { HostError } from '../errors/host-error.js';
import { createMachineHooks } from '../hooks/machine-hooks.js';
import type { MachineHooks, ResetCause, StopReason } from '../hooks/machine-hooks.js';
import type { Dispose } from '../lifecycle/scope.js';
import { SliceBorder } from './border.js';
import { asHostError, createBridge } from './bridge.js';
import type { MachineControl, MachineState } from './control.js';
import { Doorbells } from './doorbells.js';
import { RunLoop } from './run-loop.js';
import { Sleeper } from './sleeper.js';
import { PluginHost } from '../plugin/plugin-host.js';

export interface MachineOptions {
  readonly ramMiB: number;
  /** 'real' follows the host's time, 'virtual' the retired instructions; a clock of your own for tests. */
  readonly clock?: 'real' | 'virtual' | MachineClock;
}

export type CreateCpu = (options: CpuOptions) => Cpu;

export interface MachineEnd {
  readonly status: number;
}

const MIB = 2 ** 20;
const HALTED_STEP_MS = 1;

/** The machine without any hardware or OS in it: CPU, memory, buses, clock, hooks, plugins, and the loop that runs it. */
export class Machine implements MachineControl {
  readonly hooks: MachineHooks = createMachineHooks();
  readonly ports = new PortBus(this.hooks);
  readonly mmio: MmioBus;
  readonly irq = new IrqLines(this.hooks, (high) => this.#setInterruptLine(high));
  readonly clock: MachineClock;
  readonly cpu: Cpu;
  readonly memory: GuestMemory;
  readonly plugins: PluginHost;
  /** Resolves after power-off; rejects with the HostError that ended the machine. */
  readonly finished: Promise<MachineEnd>;

  readonly #border = new SliceBorder();
  readonly #doorbells = new Doorbells();
  readonly #sleeper = new Sleeper(this.#doorbells);
  readonly #loop: RunLoop;
  #state: MachineState = 'off';
  /** What a bridge call or deadline threw, until the loop looks. */
  #failure: HostError | undefined;
  #resolveFinished: (end: MachineEnd) => void = () => {};
  #rejectFinished: (error: HostError) => void = () => {};

  constructor({ ramMiB, clock = 'real' }: MachineOptions, createCpu: CreateCpu) {
    const ramBytes = ramMiB * MIB;
    this.mmio = new MmioBus(this.hooks, ramBytes);
    this.cpu = createCpu({ ramBytes, bus: this.#createBridge(), seed: seedFor(clock) });
    this.memory = this.cpu.memory;
    this.clock = clockFor(clock, this.cpu);
    this.clock.pause();
    this.#loop = this.#createLoop();
    this.plugins = this.#createPluginHost();
    this.finished = new Promise<MachineEnd>((resolve, reject) => {
      this.#resolveFinished = resolve;
      this.#rejectFinished = reject;
    });
    // Who does not wait for the end hears of a failure through hooks.stop; it is no unhandled rejection.
    this.finished.catch(() => {});
  }

  get state(): MachineState {
    return this.#state;
  }

  /** Fires powerOn and reset, then runs; with `held`, waits for `resume` before the first instruction. */
  start({ held = false } = {}): void {
    if (this.#state !== 'off') throw new HostError('MACHINE_STATE', 'start', this.#state);
    this.#state = 'paused';
    this.#attempt('power on', () => {
      this.hooks.powerOn.call();
      this.hooks.reset.call('power-on');
    });
    if (held) this.#stopped({ kind: 'pause' });
    else this.resume();
  }

  async pause(): Promise<void> {
    await this.atBorder(() => {
      if (this.#state === 'running') this.#hold({ kind: 'pause' });
    });
  }

  resume(): void {
    if (this.#state === 'running') return;
    if (this.#state !== 'paused') throw new HostError('MACHINE_STATE', 'resume', this.#state);
    if (this.#failure) return this.#end(this.#failure);
    this.#state = 'running';
    this.clock.resume();
    this.#attempt('resume', () => this.hooks.resume.call());
    if (!this.#loop.active) void this.#loop.run();
  }

  async step(): Promise<StopReason> {
    return this.atBorder(() => {
      if (this.#state !== 'paused') throw new HostError('MACHINE_STATE', 'step', this.#state);
      this.clock.resume();
      this.#loop.serve();
      const retiredBefore = this.cpu.retired;
      const reason = this.#border.slice(() => this.#runOne());
      if (reason === 'halt' && this.cpu.retired === retiredBefore) return this.#stepHalted();
      this.clock.pause();
      return this.#afterStep(reason);
    });
  }

  /** A halted CPU has no next instruction before an interrupt: a step waits for one, but not for long. */
  async #stepHalted(): Promise<StopReason> {
    if (!this.clock.skipToDeadline()) await this.#sleeper.sleep(HALTED_STEP_MS);
    this.#loop.serve();
    const reason = this.#border.slice(() => this.#runOne());
    this.clock.pause();
    return this.#afterStep(reason);
  }

  async reset(cause: ResetCause = 'request'): Promise<void> {
    await this.atBorder(() => {
      this.cpu.reset();
      this.#attempt('reset', () => this.hooks.reset.call(cause));
    });
  }

  powerOff(status = 0): void {
    void this.atBorder(async () => {
      if (this.#state === 'poweredOff' || this.#state === 'failed') return;
      this.#state = 'poweredOff';
      this.clock.pause();
      await this.#finish(status);
    });
  }

  /** Powers off and unloads every plugin, last loaded first. */
  async close(): Promise<void> {
    this.powerOff();
    await this.plugins.unloadAll();
  }

  wake(): void {
    this.#sleeper.wake();
  }

  atBorder<T>(action: () => T | Promise<T>): Promise<T> {
    return this.#border.run(action);
  }

  doorbell(view: Int32Array<SharedArrayBuffer>, ring: () => void): Dispose {
    this.#sleeper.wake();
    return this.#doorbells.add(view, ring);
  }

  #createBridge(): CpuBus {
    const fail = (error: HostError) => this.#fail(error);
    return createBridge({ hooks: this.hooks, ports: this.ports, mmio: this.mmio, irq: this.irq, fail });
  }

  #createLoop(): RunLoop {
    this.#border.loopActive = () => this.#loop.active;
    this.#border.onWaiting = () => {
      if (this.#border.inSlice) this.cpu.requestExit();
      this.#sleeper.wake();
    };
    return new RunLoop({
      cpu: this.cpu,
      clock: this.clock,
      border: this.#border,
      doorbells: this.#doorbells,
      sleeper: this.#sleeper,
      mayRun: () => this.#state === 'running',
      onExit: (reason) => this.#onExit(reason),
      onHalt: () => this.hooks.halt.call(),
      onFailure: (where, failure) => this.#fail(asHostError(where, failure)),
    });
  }

  #createPluginHost(): PluginHost {
    const { ports, irq, mmio, clock, hooks, memory, cpu } = this;
    return new PluginHost({
      services: { ports, irq, mmio, clock, hooks, memory, cpu, machine: this },
      hooks,
      border: this.#border,
      onTapFailure: (failure) => this.#fail(asHostError('a plugin hook', failure)),
    });
  }

  #setInterruptLine(high: boolean): void {
    this.cpu.setInterruptLine(high);
    if (high) this.#sleeper.wake();
  }

  #onExit(reason: ExitReason): void {
    if (reason === 'breakpoint') this.#hold({ kind: 'breakpoint' });
    if (reason === 'watchpoint') this.#hold({ kind: 'watchpoint', hit: this.cpu.lastWatch });
    if (reason === 'tripleFault') this.#fail(new HostError('TRIPLE_FAULT', this.cpu.registers.rip));
  }

  /** A request to leave the slice may be left over from a slice that ended by itself. */
  #runOne(): ExitReason {
    const retiredBefore = this.cpu.retired;
    const reason = this.cpu.run(1);
    return reason === 'request' && this.cpu.retired === retiredBefore ? this.cpu.run(1) : reason;
  }

  #afterStep(reason: ExitReason): StopReason {
    if (this.#failure) return { kind: 'hostError', error: this.#failure };
    if (reason === 'watchpoint') return { kind: 'watchpoint', hit: this.cpu.lastWatch };
    return { kind: reason === 'tripleFault' || reason === 'breakpoint' ? reason : 'step' };
  }

  /** Called from anywhere, also from within a slice: the loop ends the machine at the next instruction border. */
  #fail(error: HostError): void {
    if (this.#failure) return;
    this.#failure = error;
    void this.atBorder(() => this.#stopForFailure(error));
  }

  #stopForFailure(error: HostError): void {
    if (this.#state === 'poweredOff' || this.#state === 'failed') return;
    const wasRunning = this.#state === 'running';
    if (wasRunning) this.#holdQuietly();
    const triple = error.code === 'TRIPLE_FAULT';
    const held = this.#stopped(triple ? { kind: 'tripleFault' } : { kind: 'hostError', error });
    if (!held) this.#end(error);
  }

  #hold(reason: StopReason): void {
    this.#holdQuietly();
    this.#stopped(reason);
  }

  #holdQuietly(): void {
    this.#state = 'paused';
    this.clock.pause();
    this.#attempt('pause', () => this.hooks.pause.call());
  }

  #stopped(reason: StopReason): boolean | undefined {
    return this.#attempt('stop', () => this.hooks.stop.call(reason));
  }

  #end(error: HostError): void {
    this.#state = 'failed';
    this.#rejectFinished(error);
  }

  async #finish(status: number): Promise<void> {
    try {
      await this.hooks.powerOff.promise(status);
      this.#resolveFinished({ status });
    } catch (failure) {
      this.#end(asHostError('power off', failure));
    }
  }

  #attempt<T>(where: string, action: () => T): T | undefined {
    try {
      return action();
    } catch (failure) {
      this.#fail(asHostError(where, failure));
      return undefined;
    }
  }
}

/** Random numbers repeat where time does. */
const seedFor = (clock: MachineOptions['clock']) =>
  clock === 'real' ? () => crypto.getRandomValues(new Uint8Array(32)) : undefined;

function clockFor(clock: 'real' | 'virtual' | MachineClock, cpu: Cpu): MachineClock {
  if (clock instanceof MachineClock) return clock;
  return clock === 'real' ? new RealClock() : new VirtualClock({ retired: () => cpu.retired });
}
