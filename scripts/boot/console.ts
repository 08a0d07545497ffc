import { SerialLine } from '../../plugins/devices/serial16550/index.js';
import type { GuestConsole } from '../repl/index.js';

/** The host's end of the first serial port. */
export class SerialConsole implements GuestConsole {
  readonly #listeners = new Set<(bytes: Uint8Array) => void>();
  #pending: number[] = [];
  #scheduled = false;
  readonly line = new SerialLine((byte) => this.#sent(byte));

  /** `onInput` is told that the guest has something to read. */
  constructor(private readonly onInput: () => void) {}

  type(bytes: Uint8Array): void {
    this.line.receive(bytes);
    this.onInput();
  }

  onOutput(listener: (bytes: Uint8Array) => void): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  /** Hands on what the guest has sent. */
  flush(): void {
    this.#scheduled = false;
    if (this.#pending.length === 0) return;
    const bytes = Uint8Array.from(this.#pending);
    this.#pending = [];
    for (const listener of this.#listeners) listener(bytes);
  }

  // The guest sends single bytes; whoever listens gets them together, at the latest at the next turn of the event loop.
  #sent(byte: number): void {
    this.#pending.push(byte);
    if (this.#scheduled) return;
    this.#scheduled = true;
    setImmediate(() => this.flush());
  }
}
