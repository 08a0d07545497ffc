import { spawnSync } from 'node:child_process';
import type { ReadStream } from 'node:tty';

const DEADLY = ['SIGHUP', 'SIGINT', 'SIGQUIT', 'SIGTERM'] as const;

/**
 * The host terminal in raw mode, and back, whatever ends this process: its own exit, an exception, or a signal. (After SIGKILL
 * nobody can; libuv restores it on an abort.)
 */
export class RawMode {
  #active = false;
  readonly #atExit = () => this.leave();
  readonly #atSignal = (signal: NodeJS.Signals) => this.#die(signal);

  constructor(
    private readonly terminal: ReadStream,
    private readonly fd: number,
  ) {}

  get active(): boolean {
    return this.#active;
  }

  enter(): void {
    if (this.#active) return;
    this.#active = true;
    process.on('exit', this.#atExit);
    for (const signal of DEADLY) process.on(signal, this.#atSignal);
    this.#apply();
  }

  leave(): void {
    if (!this.#active) return;
    this.#active = false;
    process.off('exit', this.#atExit);
    for (const signal of DEADLY) process.off(signal, this.#atSignal);
    if (!this.terminal.destroyed) this.terminal.setRawMode(false);
  }

  // libuv's raw mode still turns newlines into returns and newlines on the way out, which full-screen programs turned off.
  #apply(): void {
    this.terminal.setRawMode(true);
    spawnSync('stty', ['-opost'], { stdio: [this.fd, 'ignore', 'ignore'] });
  }

  // Others may have plans for the signal; without them it does what it would have done.
  #die(signal: NodeJS.Signals): void {
    const others = process.listeners(signal).some((listener) => listener !== this.#atSignal);
    if (others) return;
    this.leave();
    process.kill(process.pid, signal);
  }
}
