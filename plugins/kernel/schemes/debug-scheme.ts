import { Errno } from '../../../core/abi/errno.js';
import { Open } from '../../../core/abi/flags.js';
import { SchemeId } from '../../../core/abi/kernel-schemes.js';
import { waitFor } from '../contexts/outcome.js';
import type { Outcome } from '../contexts/outcome.js';
import { Description } from '../files/description.js';
import type { Caller, Opened, Provider, UserBuffer } from '../files/description.js';
import { EventFlag } from '../files/events.js';
import type { Kernel } from '../kernel.js';
import { ByteQueue } from './byte-queue.js';
import type { SerialConsole } from './serial-console.js';

const ROOT = 0;
const PATHS: readonly string[] = ['', 'no-preserve'];
const INPUT_KEY = 'debug:input';

/** `/scheme/debug`: the serial console. One queue of input for every reader; output goes to the log as well. */
export class DebugScheme implements Provider {
  readonly id = SchemeId.DEBUG;
  readonly name = 'debug';
  /** Told whenever somebody waits for input: the machine is as far as it gets alone. */
  onWaiting: () => void = () => undefined;
  readonly #input = new ByteQueue();
  readonly #open = new Map<number, { preserve: boolean }>();
  #next = 1;

  constructor(
    private readonly kernel: Kernel,
    private readonly console: SerialConsole,
  ) {}

  root(): Description {
    return new Description(this, ROOT, Open.RDWR, false);
  }

  /** Bytes that came over the line. */
  received(bytes: Uint8Array): void {
    this.#input.push(bytes);
    this.kernel.waits.wake(INPUT_KEY);
    for (const number of this.#open.keys()) this.kernel.events.trigger(this, number, EventFlag.READ);
  }

  openat({ context }: Caller, directory: Description, path: string, flags: number): Opened {
    if (directory.number !== ROOT) return -Errno.EACCES;
    if (context.attributes.euid !== 0) return -Errno.EPERM;
    if (!PATHS.includes(path)) return -Errno.ENOENT;
    const number = this.#next++;
    this.#open.set(number, { preserve: path === '' });
    return new Description(this, number, flags, false);
  }

  read(_caller: Caller, file: Description, into: UserBuffer, _offset: number, flags: number): Outcome {
    if (!this.#open.has(file.number)) return -Errno.EBADF;
    if (into.length === 0) return 0;
    if (this.#input.length === 0) {
      this.onWaiting();
      return flags & Open.NONBLOCK ? -Errno.EAGAIN : waitFor(INPUT_KEY);
    }
    into.prepare(this.#input.length);
    return into.write(this.#input.take(into.length));
  }

  write(_caller: Caller, file: Description, from: UserBuffer): Outcome {
    const open = this.#open.get(file.number);
    if (!open) return -Errno.EBADF;
    const bytes = from.read();
    if (open.preserve) this.kernel.log.write(bytes);
    this.console.write(bytes);
    return bytes.length;
  }

  fevent(_caller: Caller, _file: Description, mask: number): Outcome {
    return mask & (EventFlag.WRITE | (this.#input.length > 0 ? EventFlag.READ : 0));
  }

  fpath(_caller: Caller, _file: Description, into: UserBuffer): Outcome {
    return into.write(Buffer.from('debug:'));
  }

  close(_kernel: Kernel, file: Description): void {
    this.#open.delete(file.number);
  }
}
