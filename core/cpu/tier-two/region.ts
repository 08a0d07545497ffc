import type { Flow } from '../../isa/flow.js';
import type { Form } from '../../isa/forms.js';
import type { CodeBytes } from './code-bytes.js';
import type { X87Entry } from './x87-stack.js';

/** In ways out of a region a place and what is given back of the budget fit in one constant. */
export const GIVEN_BACK_BITS = 8;
export const MOST_INSTRUCTIONS_A_BLOCK = 2 ** GIVEN_BACK_BITS - 1;

/**
 * One instruction of a region. Places are bytes from the start of the head's page, so that a region serves every address its pages are
 * mapped at.
 */
export interface RegionInstruction {
  readonly place: number;
  readonly next: number;
  readonly form: Form;
  /** Its record, as tier 1 would have it. */
  readonly fields: DataView;
  readonly flow: Flow;
  /** Of a jump, branch or call. */
  readonly target: number | undefined;
}

/** Instructions that are executed one after the other; only the last one may go elsewhere. */
export interface RegionBlock {
  readonly place: number;
  readonly instructions: readonly RegionInstruction[];
  /** A function has a copy for each place that it is called from; what the region begins in is copy 0. */
  readonly copy: number;
  /** The copy that the call at its end leads to. */
  readonly callee: number | undefined;
}

export const lastOf = ({ instructions }: RegionBlock) => instructions.at(-1)!;

/** Hot code that is compiled as one function. */
export interface Region {
  /** No other has had it; not 0. */
  readonly number: number;
  /** The block at the head comes first. */
  readonly blocks: readonly RegionBlock[];
  /** Nothing was left out for want of room. */
  readonly isWhole: boolean;
  /** Where its indirect jumps and calls, and returns to others, have led to: blocks of copy 0. */
  readonly jumpPlaces: readonly number[];
  /** Address of the data TLB on every entry, by privilege. */
  readonly tlb: number;
  /** Pages that the TLB lacks are walked to from inside: it has missed often. */
  readonly walks: boolean;
  /** MXCSR is plain, as `PLAIN` in plain-float says, and has to be on every entry. */
  readonly isPlainFloat: boolean;
  /** Numbers of all magnitudes come by: nothing is taken for granted of them but that they are zero or normal. */
  readonly isWide: boolean;
  /** What the x87 unit has to be on every entry, where the region has its registers in locals. */
  readonly x87: X87Entry | undefined;
  /** Pages beside the head's, by their distance in bytes. */
  readonly pages: readonly RegionPage[];
  /** What it has been made from. */
  readonly bytes: CodeBytes;
}

export interface RegionPage {
  readonly distance: number;
  /** Address of the map of its records, which stands for the physical page. */
  readonly map: number;
}

/** A region before anybody wants it. */
export type FoundRegion = Omit<Region, 'number' | 'walks'>;

export const sizeOf = ({ blocks }: Pick<Region, 'blocks'>): number =>
  blocks.reduce((sum, { instructions }) => sum + instructions.length, 0);
