import { spawnSync } from 'node:child_process';
import type { ReadStream } from 'node:tty';
import { ModeKeeper } from './mode-keeper.js';

const DEADLY = ['SIGHUP', 'SIGINT', 'SIGQUIT', 'SIGTERM'] as const;

/**
 * The host terminal in raw mode, and back, whatever ends this process: its own exit, an exception, or a signal.
 */
export class RawMode {
  #active = false;
  #processed = true;
  #keeper: ModeKeeper | undefined;
  readonly #atExit = () => this.leave();
  readonly #atSignal = (signal: NodeJS.Signals) => this.#die(signal);

  constructor(
    private readonly terminal: ReadStream,
    private readonly fd: number,
  ) {}

  /** Whether the host makes a return and a newline out of each newline. */
  get processed(): boolean {
    return !this.#active || this.#processed;
  }

  get active(): boolean {
    return this.#active;
  }

  enter(): void {
    if (this.#active) return;
    this.#active = true;
    process.on('exit', this.#atExit);
    for (const signal of DEADLY) process.on(signal, this.#atSignal);
    this.#processed = true;
    this.#keeper = new ModeKeeper(this.fd);
    this.terminal.setRawMode(true);
  }

  /** libuv's raw mode processes output; a guest that does not want that shall not have it. */
  process(wanted: boolean): void {
    if (wanted === this.#processed || !this.#active) return;
    this.#processed = wanted;
    spawnSync('stty', [wanted ? 'opost' : '-opost'], { stdio: [this.fd, 'ignore', 'ignore'] });
  }

  leave(): void {
    if (!this.#active) return;
    this.#active = false;
    process.off('exit', this.#atExit);
    for (const signal of DEADLY) process.off(signal, this.#atSignal);
    if (!this.terminal.destroyed) this.terminal.setRawMode(false);
    this.#keeper?.dismiss();
  }

  // Others may have plans for the signal; without them it does what it would have done.
  #die(signal: NodeJS.Signals): void {
    const others = process.listeners(signal).some((listener) => listener !== this.#atSignal);
    if (others) return;
    this.leave();
    process.kill(process.pid, signal);
  }
}
