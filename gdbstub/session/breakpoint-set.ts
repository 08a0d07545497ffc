import type { Dispose, Target, WatchAccess } from '../target.js';

/** The digit behind Z and z. */
const KINDS = ['swbreak', 'hwbreak', 'write', 'read', 'access'] as const;
export type BreakpointKind = (typeof KINDS)[number];

export const breakpointKind = (digit: string): BreakpointKind | undefined => KINDS[Number(digit)];

const isBreak = (kind: BreakpointKind): kind is 'swbreak' | 'hwbreak' =>
  kind === 'swbreak' || kind === 'hwbreak';

/** What this debugger has set; all of it goes when the debugger goes. */
export class BreakpointSet {
  readonly #set = new Map<string, Dispose>();

  constructor(readonly target: Target) {}

  offers(kind: BreakpointKind): boolean {
    return (isBreak(kind) ? this.target.breakpoints : this.target.watchpoints) !== undefined;
  }

  /** False when the target refuses. Setting one twice is setting it once. */
  insert(kind: BreakpointKind, address: bigint, lengthBytes: number): boolean {
    const key = keyOf(kind, address, lengthBytes);
    if (this.#set.has(key)) return true;
    const undo = isBreak(kind)
      ? this.target.breakpoints?.set(address)
      : this.target.watchpoints?.set(address, lengthBytes, kind satisfies WatchAccess);
    if (undo) this.#set.set(key, undo);
    return undo !== undefined;
  }

  /** Removing what is not there is no error: gdb does so after a lost answer. */
  remove(kind: BreakpointKind, address: bigint, lengthBytes: number): void {
    const key = keyOf(kind, address, lengthBytes);
    this.#set.get(key)?.();
    this.#set.delete(key);
  }

  /** How gdb set the breakpoint at this address, if it did. */
  reasonAt(address: bigint): 'swbreak' | 'hwbreak' | undefined {
    return (['swbreak', 'hwbreak'] as const).find((kind) => this.#set.has(keyOf(kind, address, 0)));
  }

  clear(): void {
    for (const undo of this.#set.values()) undo();
    this.#set.clear();
  }
}

const keyOf = (kind: BreakpointKind, address: bigint, lengthBytes: number): string =>
  isBreak(kind) ? `${kind} ${address}` : `${kind} ${address} ${lengthBytes}`;
