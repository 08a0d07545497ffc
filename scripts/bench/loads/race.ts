import { HostError } from '../../../core/errors/host-error.js';
import type { Effort, Medians, NotMeasured } from '../benchmark.js';
import { median } from '../measure.js';
import type { CommandLine } from '../processes.js';
import { SteppedProgram } from './stepped-program.js';

/** The others are as fast at once, so that they need not work for as long. */
const SHARE_OF_OTHERS = 0.25;
const COLD_RUNS = 3;

type Name = Exclude<keyof Medians, 'cold'>;

/** The command that does `rounds` of a load; undefined where it is not installed. */
export type Commands = (
  rounds: number,
) => { readonly halfcell: CommandLine } & Partial<Record<Name, CommandLine | undefined>>;

/**
 * Seconds for one round of each. All work on the load in turns, until halfcell has done so for `warmSeconds`; then halfcell does
 * what would take it a second, in new processes.
 * @throws HostError CONFIG when they compute different things
 */
export async function race(
  commands: Commands,
  rounds: number,
  effort: Effort,
): Promise<Medians | NotMeasured> {
  const warm = await new Race(commands(rounds), effort).run();
  if ('lacking' in warm) return warm;
  const perRound = Object.entries(warm).map(([name, seconds]) => [name, seconds / rounds] as const);
  const medians = Object.fromEntries(perRound) as unknown as Medians;
  if (effort.warmSeconds === 0) return medians;
  return {
    ...medians,
    cold: await coldSeconds(commands, Math.max(1, Math.round(1 / medians.halfcell)), effort),
  };
}

class Race {
  readonly #programs: Map<Name, SteppedProgram>;
  readonly #seconds = new Map<Name, number[]>();
  readonly #lines = new Map<Name, string>();

  constructor(
    commands: ReturnType<Commands>,
    readonly effort: Effort,
  ) {
    const started = Object.entries(commands).flatMap(([name, command]) =>
      command ? [[name as Name, new SteppedProgram(command)] as const] : [],
    );
    this.#programs = new Map(started);
  }

  async run(): Promise<Record<Name, number> | NotMeasured> {
    try {
      for (const [name, program] of this.#programs) {
        const lacking = await program.ready();
        if (lacking !== undefined) return { lacking: `${name} ${lacking}` };
      }
      await this.#takeTurns();
      const medians = [...this.#seconds].map(([name, values]) => [name, median(values)] as const);
      return Object.fromEntries(medians) as Record<Name, number>;
    } finally {
      await Promise.all([...this.#programs.values()].map((program) => program.end()));
    }
  }

  async #takeTurns(): Promise<void> {
    const { rounds, warmSeconds } = this.effort;
    for (let turn = 0; turn < rounds || this.#worked('halfcell') < warmSeconds; turn++) {
      await this.#step('halfcell');
      for (const name of this.#programs.keys()) {
        if (name === 'halfcell') continue;
        const due = turn < rounds || this.#worked(name) < this.#worked('halfcell') * SHARE_OF_OTHERS;
        if (due) await this.#step(name);
      }
    }
  }

  readonly #worked = (name: Name) =>
    (this.#seconds.get(name) ?? []).reduce((sum, seconds) => sum + seconds, 0);

  async #step(name: Name): Promise<void> {
    const step = await this.#programs.get(name)?.step();
    if (!step) return;
    this.#seconds.set(name, [...(this.#seconds.get(name) ?? []), step.seconds]);
    this.#lines.set(name, step.line);
    this.#compare();
  }

  #compare(): void {
    if (new Set(this.#lines.values()).size <= 1) return;
    const results = [...this.#lines].map(([name, line]) => `${name} ${line}`).join(', ');
    throw new HostError('CONFIG', `they compute different things: ${results}`, 'one of them has an error');
  }
}

async function coldSeconds(commands: Commands, rounds: number, effort: Effort): Promise<number> {
  const seconds: number[] = [];
  for (let run = 0; run < Math.min(COLD_RUNS, effort.rounds); run++) {
    const program = new SteppedProgram(commands(rounds).halfcell);
    try {
      seconds.push((await program.firstStep()).seconds / rounds);
    } finally {
      await program.end();
    }
  }
  return median(seconds);
}
