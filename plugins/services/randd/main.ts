import { Errno } from '../../../core/abi/errno.js';
import { EventFlag, has, Mode, Open } from '../../../core/abi/flags.js';
import { CHUNK_BYTES } from '../runtime/calls.js';
import { PosixError } from '../runtime/posix-error.js';
import { runDaemon } from '../runtime/scheme/publish.js';
import { RandomSource } from './chacha.js';
import type { CarriedService } from '../../../core/abi/scheme-protocol.js';
import type { Os } from '../runtime/os.js';
import type { Opened, Scheme } from '../runtime/scheme/scheme.js';

const SEED_ENV = 'RANDOM_SEED';

/** `/scheme/rand`: ChaCha20, seeded by the machine. Writing stirs the state. */
class Rand implements Scheme {
  constructor(private readonly source: RandomSource) {}

  openat(_directory: number, path: string, flags: number): Opened {
    if (path !== '' && path !== 'urandom' && path !== '/urandom') throw new PosixError(Errno.ENOENT);
    if (has(flags, Open.CREAT) && has(flags, Open.EXCL)) throw new PosixError(Errno.EEXIST);
    return { id: 1 };
  }
  read(_id: number, length: number): Uint8Array {
    return this.source.bytes(Math.min(length, CHUNK_BYTES));
  }
  write(_id: number, bytes: Uint8Array): number {
    this.source.mix(bytes);
    return bytes.length;
  }
  fevent(): number {
    return EventFlag.READ;
  }
  fcntl(): number {
    return 0;
  }
  fpath(): string {
    return '/scheme/rand/';
  }
  carry(): number[] {
    return this.source.carry();
  }
  fstat() {
    return { mode: Mode.CHR + 0o644, nlink: 1 };
  }
}

/** The engine's own entropy and the clock, and what the host hands in; the host's alone when the machine is to repeat itself. */
function seed(os: Os): Uint8Array {
  const given = os.env[SEED_ENV];
  if (given !== undefined) return Uint8Array.from(given, (char) => char.charCodeAt(0));
  const words = Float64Array.from({ length: 16 }, () => Math.random() + os.clock.monotonic());
  return new Uint8Array(words.buffer);
}

export function main(os: Os): number {
  const carried = os.carried as (CarriedService & { state: readonly number[] }) | undefined;
  const source = new RandomSource(seed(os));
  if (carried) source.restore(carried.state);
  return runDaemon(os, 'rand', new Rand(source), []);
}
