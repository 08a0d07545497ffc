import type { CodeCache } from '../code-cache.js';
import type { DebugRegisters } from '../debug-registers.js';
import type { Delivery } from '../delivery.js';
import type { LinearMemory } from '../linear-memory.js';
import type { HiddenFeatures } from '../model.js';
import type { Segments } from '../segments.js';
import type { CpuState } from '../state.js';
import type { CpuBus, CpuOptions } from '../types.js';

/** What the handlers of system instructions work with. */
export interface SystemContext {
  readonly state: CpuState;
  readonly memory: LinearMemory;
  readonly segments: Segments;
  readonly delivery: Delivery;
  readonly code: CodeCache;
  readonly bus: CpuBus;
  readonly debug: DebugRegisters;
  /** Features that the processor's model lacks. */
  readonly hidden: HiddenFeatures;
  readonly seed: CpuOptions['seed'];
  readonly retired: () => number;
  /** CR0, CR4 or EFER changed. */
  controlChanged(): void;
  /** Tells whoever listens about bytes at `rip` that are no instruction of this processor. */
  readonly reportUndefined: (rip: bigint) => void;
}

/** `rip` in state is that of the instruction; the answer is a `Status`. May throw GuestFault. */
export type SystemHandler = (context: SystemContext, record: number) => number;

/** What of it belongs to one CPU and is made once. */
export type OwnContext = Pick<SystemContext, 'memory' | 'segments' | 'delivery' | 'hidden' | 'seed'>;
