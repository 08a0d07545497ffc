import { connect } from 'node:net';
import type { Socket } from 'node:net';
import { frame } from '../framing/frame.js';
import { Framer } from '../framing/framer.js';
import type { Frame } from '../framing/framer.js';

const LIMIT_MS = 15_000;

/** A debugger of its own over TCP, for what stock gdb never does. */
export class Client {
  readonly #framer = new Framer(0x40000);
  readonly #frames: Frame[] = [];
  readonly closed: Promise<void>;

  private constructor(readonly socket: Socket) {
    socket.on('data', (chunk: Buffer) => this.#frames.push(...this.#framer.push(chunk)));
    socket.on('error', () => {});
    this.closed = new Promise((resolve) => socket.on('close', () => resolve()));
  }

  static async open(port: number): Promise<Client> {
    const socket = connect(port, '127.0.0.1');
    const client = new Client(socket);
    await new Promise((resolve) => socket.on('connect', resolve).on('error', resolve));
    return client;
  }

  send(body: string): void {
    this.socket.write(frame(body), 'latin1');
  }

  async ask(body: string): Promise<string> {
    this.send(body);
    return this.next();
  }

  /** The next packet's body; acknowledgements are passed over. */
  async next(): Promise<string> {
    const deadline = Date.now() + LIMIT_MS;
    while (Date.now() < deadline) {
      const found = this.#frames.shift();
      if (found?.kind === 'packet') return found.body;
      if (!found) await new Promise((resolve) => setTimeout(resolve, 1));
    }
    throw new Error('no answer came');
  }

  /** As a debugger that was killed. */
  vanish(): void {
    this.socket.resetAndDestroy();
  }
}

export async function until(holds: () => boolean): Promise<void> {
  const deadline = Date.now() + LIMIT_MS;
  while (!holds()) {
    if (Date.now() > deadline) throw new Error(`never held: ${holds.toString()}`);
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
}
