import type { GuestMemory } from '../../../core/cpu/types.js';
import type { Waits } from './waits.js';

/** Sleeping on a word of memory. The key is the physical address, so shared mappings meet. */
export class Futexes {
  constructor(
    private readonly memory: GuestMemory,
    private readonly waits: Waits,
  ) {}

  key(physical: number, mask = 0xffff_ffff): string {
    return `futex:${physical.toString(16)}:${(mask >>> 0).toString(16)}`;
  }

  value32(physical: number): number {
    return this.memory.read32(physical);
  }

  value64(physical: number): bigint {
    return this.memory.read64(physical);
  }

  wake(physical: number, limit: number): number {
    return this.waits.wake(this.key(physical), limit);
  }
}
