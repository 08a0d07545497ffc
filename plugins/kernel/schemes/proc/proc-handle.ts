import type { Outcome } from '../../contexts/outcome.js';
import type { Caller, Description, MapRequest, Opened, UserBuffer } from '../../files/description.js';
import type { Kernel } from '../../kernel.js';

/** One open file of kernel.proc. What is left out answers as the scheme's defaults do. */
export interface ProcHandle {
  readonly positioned?: boolean;
  /** Holding it gives the right to make contexts and to change what others say they are. */
  readonly isAuthority?: true;
  dup?(caller: Caller, name: string): Opened;
  read?(caller: Caller, into: UserBuffer, offset: number): Outcome;
  write?(caller: Caller, from: UserBuffer): Outcome;
  size?(): number;
  fmap?(caller: Caller, request: MapRequest): Outcome;
  call?(caller: Caller, payload: UserBuffer, metadata: readonly number[]): Outcome;
  sendDescriptors?(caller: Caller, sent: Description[], metadata: readonly number[]): Outcome;
  close?(kernel: Kernel): void;
}

/** Makes open files of handles; the scheme itself. */
export interface ProcFiles {
  open(handle: ProcHandle, flags?: number): Description;
  handleOf(file: Description): ProcHandle | undefined;
  numberOf(handle: ProcHandle): number;
}
