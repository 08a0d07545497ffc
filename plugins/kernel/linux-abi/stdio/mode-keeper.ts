import { spawn, spawnSync } from 'node:child_process';
import type { Socket } from 'node:net';

const PIPE = 3;

/**
 * A small process that puts a terminal's modes back when this one is killed in a way that it cannot answer. It lies in a session of
 * its own: what the terminal's keys or its shell send to our job does not reach it.
 */
export class ModeKeeper {
  readonly #dismiss: () => void;

  /** Notes the modes of the terminal on `fd` as they are now. */
  constructor(fd: number) {
    const { status, stdout } = spawnSync('stty', ['-g'], { stdio: [fd, 'pipe', 'ignore'], encoding: 'utf8' });
    this.#dismiss = status === 0 ? watch(fd, stdout.trim()) : () => undefined;
  }

  /** The modes are somebody else's from here on. */
  dismiss(): void {
    this.#dismiss();
  }
}

/** Our end of the pipe closes with this process; nobody ever writes to it. */
function watch(fd: number, modes: string): () => void {
  const keeper = spawn('sh', ['-c', `read -r _ <&${PIPE}; stty "$0"`, modes], {
    stdio: [fd, 'ignore', 'ignore', 'pipe'],
    detached: true,
  });
  keeper.on('error', () => undefined).unref();
  (keeper.stdio[PIPE] as unknown as Socket | null)?.unref();
  return () => void keeper.kill('SIGKILL');
}
