import { frame } from './frame.js';
import { Framer } from './framer.js';
import type { Frame } from './framer.js';

/** The largest body in either direction, in bytes; offered to gdb as PacketSize. */
export const PACKET_BYTES = 0x20000;

export interface LinkEvents {
  send(bytes: Uint8Array): void;
  packet(body: string): void;
  interrupt(): void;
  /** A packet arrived broken and the peer, in no-ack mode, cannot be asked to repeat it. */
  lost(): void;
}

/** Packets over bytes: checks, acknowledges and repeats. */
export class Link {
  readonly #framer = new Framer(PACKET_BYTES);
  #acknowledges = true;
  #unacknowledged: string | undefined;

  constructor(readonly events: LinkEvents) {}

  receive(chunk: Uint8Array): void {
    for (const next of this.#framer.push(chunk)) this.#take(next);
  }

  /** The body must be escaped already. */
  send(body: string): void {
    const text = frame(body);
    if (this.#acknowledges) this.#unacknowledged = text;
    this.#write(text);
  }

  /** From the next packet on neither side acknowledges. */
  stopAcknowledging(): void {
    this.#acknowledges = false;
    this.#unacknowledged = undefined;
  }

  #take(next: Frame): void {
    switch (next.kind) {
      case 'packet':
        return this.#takePacket(next.body);
      case 'damaged':
        return this.#acknowledges ? this.#write('-') : this.events.lost();
      case 'interrupt':
        return this.events.interrupt();
      case 'ack':
        this.#unacknowledged = undefined;
        return;
      case 'nak':
        return this.#repeat();
    }
  }

  #takePacket(body: string): void {
    if (this.#acknowledges) this.#write('+');
    this.#unacknowledged = undefined;
    this.events.packet(body);
  }

  #repeat(): void {
    if (this.#unacknowledged) this.#write(this.#unacknowledged);
  }

  #write(text: string): void {
    this.events.send(Buffer.from(text, 'latin1'));
  }
}
