import { Open } from '../../core/abi/flags.js';
import { UserBuffer } from '../../plugins/kernel/files/description.js';
import type { Description } from '../../plugins/kernel/files/description.js';
import type { KernelService } from '../../plugins/kernel/index.js';

const PIECE_BYTES = 65_536;

/** A pipe of the guest that is read out here: what programs write into `write` comes to `onBytes`. */
export class HostPipe {
  readonly write: Description;
  readonly #read: Description;
  readonly #forget: () => void;
  #asked = false;
  #closed = false;

  /** To be called with the processor held. */
  constructor(
    private readonly service: KernelService,
    private readonly onBytes: (bytes: Uint8Array) => void,
  ) {
    const { kernel, schemes } = service;
    const { read, write } = schemes.pipe.create();
    this.write = write;
    this.#read = read;
    this.#forget = kernel.waits.listen(schemes.pipe.key(read.number), () => this.#soon());
  }

  /** Takes what is there; to be called with the processor held. */
  drain(): void {
    while (!this.#closed && this.#take() === PIECE_BYTES);
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#forget();
    this.#read.release(this.service.kernel);
  }

  // The kernel is in the middle of a write when it says so.
  #soon(): void {
    if (this.#asked) return;
    this.#asked = true;
    this.service.outside(() => {
      this.#asked = false;
      this.drain();
    });
  }

  #take(): number {
    const { kernel, schemes } = this.service;
    const into = new UserBuffer(new Receiver(this.onBytes), 0, PIECE_BYTES);
    const caller = { kernel, context: kernel.idle };
    const count = schemes.pipe.read(caller, this.#read, into, 0, Open.NONBLOCK);
    return typeof count === 'number' ? count : 0;
  }
}

/** Stands where the memory of a reading program would be. */
class Receiver {
  constructor(private readonly onBytes: (bytes: Uint8Array) => void) {}

  read(): Uint8Array {
    return new Uint8Array();
  }

  write(_pointer: number, bytes: Uint8Array): void {
    this.onBytes(bytes.slice());
  }

  prepareWrite(): void {}
}
