import type { Dispose, Target, WatchAccess } from '../target.js';

/** The digit behind Z and z. */
const KINDS = ['swbreak', 'hwbreak', 'write', 'read', 'access'] as const;
export type BreakpointKind = (typeof KINDS)[number];

export const breakpointKind = (digit: string): BreakpointKind | undefined => KINDS[Number(digit)];

export interface BreakpointPlace {
  readonly kind: BreakpointKind;
  readonly address: bigint;
  /** Of a watchpoint; of a breakpoint what gdb calls its kind, which means nothing here. */
  readonly lengthBytes: number;
}

interface Entry extends BreakpointPlace {
  readonly undo: Dispose;
}

const isBreak = (kind: BreakpointKind): kind is 'swbreak' | 'hwbreak' =>
  kind === 'swbreak' || kind === 'hwbreak';

const keyOf = ({ kind, address, lengthBytes }: BreakpointPlace): string =>
  isBreak(kind) ? `${kind} ${address}` : `${kind} ${address} ${lengthBytes}`;

const covers = ({ address, lengthBytes }: BreakpointPlace, byte: bigint): boolean =>
  byte >= address && byte < address + BigInt(lengthBytes);

/** What this debugger has set; all of it goes when the debugger goes. */
export class BreakpointSet {
  readonly #entries = new Map<string, Entry>();

  constructor(readonly target: Target) {}

  offers(kind: BreakpointKind): boolean {
    return (isBreak(kind) ? this.target.breakpoints : this.target.watchpoints) !== undefined;
  }

  /** False when the target refuses. Setting one twice is setting it once. */
  insert(place: BreakpointPlace): boolean {
    const key = keyOf(place);
    if (this.#entries.has(key)) return true;
    const undo = this.#set(place);
    if (undo) this.#entries.set(key, { ...place, undo });
    return undo !== undefined;
  }

  /** Removing what is not there is no error: gdb does so after a lost answer. */
  remove(place: BreakpointPlace): void {
    const key = keyOf(place);
    this.#entries.get(key)?.undo();
    this.#entries.delete(key);
  }

  /** How gdb set the breakpoint at this address, if it did. */
  breakAt(address: bigint): 'swbreak' | 'hwbreak' | undefined {
    return (['swbreak', 'hwbreak'] as const).find((kind) =>
      this.#entries.has(keyOf({ kind, address, lengthBytes: 0 })),
    );
  }

  /** The kind of the watchpoint that an access to this byte hits, the narrower one of two. */
  watchAt(byte: bigint, access: 'read' | 'write'): WatchAccess | undefined {
    const kinds = [...this.#entries.values()].filter((entry) => covers(entry, byte)).map(({ kind }) => kind);
    return ([access, 'access'] as const).find((kind) => kinds.includes(kind));
  }

  clear(): void {
    for (const { undo } of this.#entries.values()) undo();
    this.#entries.clear();
  }

  #set({ kind, address, lengthBytes }: BreakpointPlace): Dispose | undefined {
    if (isBreak(kind)) return this.target.breakpoints?.set(address);
    return this.target.watchpoints?.set(address, lengthBytes, kind);
  }
}
