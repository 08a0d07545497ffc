import type { Cpu, CpuBus, CpuOptions, ExitReason } from '../../core/cpu/types.js';

/** What one "instruction" does. An exit reason ends the run behind it. */
export type FakeInstruction = (bus: CpuBus) => ExitReason | void;

/** Runs a list of functions in place of guest code, over and over; enough to test the machine around a CPU. */
export class FakeCpu {
  retired = 0;
  interruptLine = false;
  exitRequested = false;
  resets = 0;
  /** How often `run` was called. */
  slices = 0;
  lastWatch: Cpu['lastWatch'];
  #halted = false;
  readonly registers = { rip: 0x1000n };
  readonly memory = {};

  constructor(
    readonly bus: CpuBus,
    public program: readonly FakeInstruction[],
  ) {}

  /** Rests after 'halt' until its interrupt line is high. */
  run(maxInstructions: number): ExitReason {
    this.slices++;
    if (this.#halted && !this.interruptLine) return 'halt';
    this.#halted = false;
    for (let count = 0; count < maxInstructions; count++) {
      if (this.exitRequested) {
        this.exitRequested = false;
        return 'request';
      }
      const reason = this.program[this.retired % this.program.length]?.(this.bus);
      this.retired++;
      this.#halted = reason === 'halt';
      if (reason) return reason;
    }
    return 'budget';
  }

  requestExit(): void {
    this.exitRequested = true;
  }

  setInterruptLine(high: boolean): void {
    this.interruptLine = high;
  }

  reset(): void {
    this.resets++;
  }
}

/** A `createCpu` that runs `program`. `cpu()` is the one it made. */
export function fakeCpu(program: readonly FakeInstruction[]) {
  let made: FakeCpu | undefined;
  const create = ({ bus }: CpuOptions): Cpu => {
    made = new FakeCpu(bus, program);
    return made as unknown as Cpu;
  };
  const cpu = (): FakeCpu => {
    if (!made) throw new Error('no machine has been created yet');
    return made;
  };
  return { create, cpu };
}
