import { Errno } from '../../../core/abi/errno.js';
import { Clock, Open } from '../../../core/abi/flags.js';
import { SchemeId } from '../../../core/abi/kernel-schemes.js';
import { TimeSpec } from '../../../core/abi/structs.js';
import type { Outcome } from '../contexts/outcome.js';
import { Description } from '../files/description.js';
import type { Caller, Opened, Provider, UserBuffer } from '../files/description.js';
import { EventFlag } from '../files/events.js';
import type { Kernel } from '../kernel.js';
import { clockNs, decodeTime, encodeTime } from '../syscalls/time.js';

const ROOT = 0;
/** Wake-ups are as fine as the 8254's input clock. */
const RESOLUTION_NS = 838;

interface Handle {
  readonly clock: number;
  readonly kind: string;
}

/** `/scheme/time/<clock>[/gettime|getres|timer]`: clocks to read, timeouts to arm. */
export class TimeScheme implements Provider {
  readonly id = SchemeId.TIME;
  readonly name = 'time';
  readonly #open = new Map<number, Handle>();
  #next = 1;

  constructor(private readonly kernel: Kernel) {}

  root(): Description {
    return new Description(this, ROOT, Open.RDWR, false);
  }

  openat(_caller: Caller, directory: Description, path: string, flags: number): Opened {
    if (directory.number !== ROOT) return -Errno.EACCES;
    const match = /^(\d+)(?:\/(gettime|getres|timer))?$/.exec(path);
    const clock = Number(match?.[1]);
    if (!match || (clock !== Clock.MONOTONIC && clock !== Clock.REALTIME)) return -Errno.ENOENT;
    const number = this.#next++;
    this.#open.set(number, { clock, kind: match[2] ?? '' });
    return new Description(this, number, flags, false);
  }

  read(_caller: Caller, file: Description, into: UserBuffer): Outcome {
    const handle = this.#open.get(file.number);
    if (!handle) return -Errno.EBADF;
    if (handle.kind === 'timer') return -Errno.EINVAL;
    const count = Math.floor(into.length / TimeSpec.sizeBytes);
    const ns = handle.kind === 'getres' ? RESOLUTION_NS : (clockNs(this.kernel, handle.clock) ?? 0);
    return into.write(Buffer.concat(Array.from({ length: count }, () => encodeTime(ns))));
  }

  write(_caller: Caller, file: Description, from: UserBuffer): Outcome {
    const handle = this.#open.get(file.number);
    if (!handle) return -Errno.EBADF;
    if (handle.kind !== 'timer' && handle.kind !== '') return -Errno.EINVAL;
    const bytes = from.read();
    let at = 0;
    for (; at + TimeSpec.sizeBytes <= bytes.length; at += TimeSpec.sizeBytes) {
      const ns = decodeTime(bytes.subarray(at, at + TimeSpec.sizeBytes));
      if (ns === undefined) return -Errno.EINVAL;
      this.#arm(file.number, handle.clock, ns);
    }
    return at;
  }

  fpath(_caller: Caller, file: Description, into: UserBuffer): Outcome {
    const { clock = 0, kind = '' } = this.#open.get(file.number) ?? {};
    return into.write(Buffer.from(`/scheme/time/${clock}/${kind}`));
  }

  close(_kernel: Kernel, file: Description): void {
    this.#open.delete(file.number);
  }

  #arm(number: number, clock: number, ns: number): void {
    const atNs = clock === Clock.REALTIME ? ns - this.kernel.parts.bootTimeNs : ns;
    this.kernel.waits.at(atNs, () => this.kernel.events.trigger(this, number, EventFlag.READ));
    this.kernel.timer.arm(atNs);
  }
}
