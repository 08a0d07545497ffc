import { execFileSync, spawnSync } from 'node:child_process';
import { randomUUID } from 'node:crypto';

const POLL_MS = 25;
const PATIENCE_MS = 20_000;

/** Environment of the shell in the terminal: nothing of ours changes what it shows. */
const ENVIRONMENT = ['env', '-i', 'PS1=host$ ', `PATH=${process.env['PATH'] ?? ''}`, 'TERM=screen'];

export const hasTmux = (): boolean => spawnSync('tmux', ['-V'], { stdio: 'ignore' }).status === 0;

/** A real terminal with a shell of the host in it, driven by keys and read as a screen. */
export class TmuxTerminal {
  readonly #socket = `halfcell-${randomUUID()}`;

  constructor(cwd: string) {
    const size = ['-x', '80', '-y', '24'];
    this.#tmux('-f', '/dev/null', 'new-session', '-d', ...size, '-c', cwd, ...ENVIRONMENT, 'sh', '-i');
  }

  /** Types text as it is. */
  type(text: string): void {
    this.#tmux('send-keys', '-l', '--', text);
  }

  /** Presses keys by tmux's names: `Enter`, `C-c`, `Up`. */
  press(...keys: string[]): void {
    this.#tmux('send-keys', '--', ...keys);
  }

  enter(line: string): void {
    this.type(line);
    this.press('Enter');
  }

  resize(columns: number, rows: number): void {
    this.#tmux('resize-window', '-x', `${columns}`, '-y', `${rows}`);
  }

  /** What is to be seen, without blank lines at its end. */
  get screen(): string {
    return this.#tmux('capture-pane', '-p').trimEnd();
  }

  /** The modes of the terminal, in stty's words. */
  get modes(): string {
    const device = this.#tmux('display-message', '-p', '#{pane_tty}').trim();
    return execFileSync('stty', ['-a', '-F', device], { encoding: 'utf8' });
  }

  /** Waits until the screen shows `text`; answers the screen. Throws with the screen when it never does. */
  async shows(text: string | RegExp): Promise<string> {
    const wanted = (screen: string) => (typeof text === 'string' ? screen.includes(text) : text.test(screen));
    for (let waitedMs = 0; waitedMs < PATIENCE_MS; waitedMs += POLL_MS) {
      const { screen } = this;
      if (wanted(screen)) return screen;
      await new Promise((resolve) => setTimeout(resolve, POLL_MS));
    }
    throw new Error(`the screen never showed ${String(text)}:\n${this.screen}`);
  }

  close(): void {
    spawnSync('tmux', ['-L', this.#socket, 'kill-server'], { stdio: 'ignore' });
  }

  #tmux(...args: string[]): string {
    return execFileSync('tmux', ['-L', this.#socket, ...args], { encoding: 'utf8' });
  }
}
