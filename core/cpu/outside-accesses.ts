import { highHalf, lowHalf } from './halves.js';
import type { DebugRegisters } from './debug-registers.js';
import type { AccessKind } from './types.js';
import type { Watchpoints } from './watchpoints.js';

export interface OutsideParts {
  readonly watchpoints: Watchpoints;
  readonly debug: DebugRegisters;
  /** Physical address of a linear one, as it is mapped now. */
  translate(linear: bigint): number | undefined;
  /** A watchpoint was hit. */
  hit(): void;
}

/** Accesses of TypeScript, which watchpoints want to see and the guest's debug registers do not. */
export class OutsideAccesses {
  constructor(private readonly parts: OutsideParts) {}

  notice(linear: bigint, length: number, kind: AccessKind): void {
    const { watchpoints, debug } = this.parts;
    if (!watchpoints.any) return;
    debug.isMuted = true;
    if (watchpoints.check(lowHalf(linear), highHalf(linear), length, kind)) this.parts.hit();
    debug.isMuted = false;
  }

  /** A write by physical address, where a watched linear one leads there now. */
  noticeWrite(physical: number, length: number): void {
    const { watchpoints } = this.parts;
    if (!watchpoints.any) return;
    const at = (linear: bigint) => this.parts.translate(linear);
    for (const watch of watchpoints.rangesAt(physical, length, at))
      this.notice(watch.linear, watch.length, 'write');
  }
}
