import type { Dispose } from '../../../core/lifecycle/scope.js';

/**
 * The cable and the host's end of it. It outlives the chip: bytes on their way to the guest wait here until a receiver
 * has room, so that none is lost or doubled while chips are exchanged.
 */
export class SerialLine {
  #toGuest: number[] = [];
  #taken = 0;
  #onArrival: (() => void) | undefined;

  /** `onByte` gets each byte that the guest sends. */
  constructor(readonly onByte: (byte: number) => void) {}

  /** How many bytes the guest has not taken yet. */
  get waitingBytes(): number {
    return this.#toGuest.length - this.#taken;
  }

  /** Sends to the guest. */
  receive(bytes: Iterable<number>): void {
    for (const byte of bytes) this.#toGuest.push(byte & 0xff);
    this.#onArrival?.();
  }

  /** The next byte for the guest. */
  take(): number | undefined {
    if (this.waitingBytes === 0) return undefined;
    const byte = this.#toGuest[this.#taken++];
    if (this.#taken === this.#toGuest.length) {
      this.#toGuest = [];
      this.#taken = 0;
    }
    return byte;
  }

  /** `onArrival` is called when bytes have come. One chip at a time; the last to connect is called. */
  connect(onArrival: () => void): Dispose {
    this.#onArrival = onArrival;
    return () => {
      if (this.#onArrival === onArrival) this.#onArrival = undefined;
    };
  }
}
