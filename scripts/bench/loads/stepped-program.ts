import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { HostError } from '../../../core/errors/host-error.js';
import { start } from '../processes.js';
import type { CommandLine } from '../processes.js';
import { processorSeconds, processTree } from '../processor-time.js';

export interface Step {
  readonly seconds: number;
  /** What it printed: a checksum, or what is missing. */
  readonly line: string;
}

/**
 * A program that prints that it is ready, and then works once for each byte it is sent, and prints a line. Between steps it stands still, whatever it would
 * do while it waits, so that several can take turns on one processor.
 */
export class SteppedProgram {
  readonly #child: ChildProcess;
  readonly #lines: AsyncIterator<string>;
  readonly #startMs = performance.now();
  #said = '';

  constructor(readonly command: CommandLine) {
    this.#child = start(command, 'pipe');
    this.#child.stdin?.on('error', () => {});
    this.#child.stderr?.on('data', (chunk: Buffer) => (this.#said += chunk.toString()));
    this.#lines = createInterface({ input: this.#child.stdout! })[Symbol.asyncIterator]();
  }

  /** @throws HostError CONFIG when it ends instead */
  async step(): Promise<Step> {
    const before = this.#used();
    this.#signal('SIGCONT');
    this.#child.stdin?.write('\n');
    const line = await this.#nextLine();
    const after = this.#used();
    this.#signal('SIGSTOP');
    return { seconds: lesser(before, after), line };
  }

  /** Waits until it listens. Answers what it lacks, if it does. */
  async ready(): Promise<string | undefined> {
    const line = await this.#nextLine();
    this.#signal('SIGSTOP');
    return line === 'ready' ? undefined : line;
  }

  /** The first step, with its start, as if it had not waited. */
  async firstStep(): Promise<Step> {
    let line = await this.#nextLine();
    if (line === 'ready') {
      this.#child.stdin?.write('\n');
      line = await this.#nextLine();
    }
    return { seconds: lesser({ passed: this.#startMs / 1000, processor: 0 }, this.#used()), line };
  }

  async end(): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    const ended = once(this.#child, 'close');
    this.#signal('SIGKILL');
    await ended;
  }

  /** halfcell boot is a launcher, and the machine in a process below it. */
  #signal(signal: NodeJS.Signals): void {
    for (const pid of processTree(this.#child.pid ?? 0)) tryKill(pid, signal);
  }

  async #nextLine(): Promise<string> {
    const { done, value } = await this.#lines.next();
    if (!done) return value.trim();
    const command = this.command.slice(-4).join(' ');
    const said = this.#said.trim().split('\n').at(-1);
    throw new HostError('CONFIG', `${command} ended early: ${said}`, 'try it by hand');
  }

  #used(): Used {
    return { passed: performance.now() / 1000, processor: processorSeconds(this.#child.pid ?? 0) };
  }
}

function tryKill(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch {
    // It has ended meanwhile.
  }
}

/** In seconds. */
interface Used {
  readonly passed: number;
  readonly processor: number;
}

/**
 * The time that passed, or the processor time of all its threads where that is less: what else the computer has to do counts for
 * nobody, and what threads do beside each other counts once.
 */
function lesser(before: Used, after: Used): number {
  const passed = after.passed - before.passed;
  const processor = after.processor - before.processor;
  return processor > 0 ? Math.min(passed, processor) : passed;
}
