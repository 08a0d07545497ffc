import type { Form } from '../isa/forms.js';
import { formsOf, isHot } from '../isa/forms.js';
import type { ParsedRow } from '../isa/row.js';

/** Ops that are no form. */
export const Op = {
  undecoded: 0,
  /** Behind the last byte of a page. */
  pageEnd: 1,
  /** The instruction continues in the next page. */
  cross: 2,
  breakpoint: 3,
  /** A hot memory form behind base + index << scale + displacement. */
  indexed: 4,
  /** The same with a segment base. */
  segmented: 5,
} as const;

const FIRST_HOT = 8;

/** Which op number each form has. Deterministic, so that a module built earlier fits. */
export interface OpTable {
  readonly forms: readonly Form[];
  readonly hotForms: readonly Form[];
  /** By form id: the op that tier 1 holds inline, or 0. */
  readonly hotOp: Uint16Array;
  /** By form id: number of a hot memory form in the table behind complex addresses. */
  readonly hotMemory: Uint8Array;
  /** Op of a form outside: this plus its id. */
  readonly rareBase: number;
}

const MAX_HOT_MEMORY = 256;

export function buildOpTable(rows: readonly ParsedRow[]): OpTable {
  const forms = rows.flatMap(formsOf);
  const hotForms = forms.filter(isHot);
  const hotOp = new Uint16Array(forms.length);
  const hotMemory = new Uint8Array(forms.length);
  hotForms.forEach((form, index) => (hotOp[form.id] = FIRST_HOT + index));
  const memoryForms = hotForms.filter(({ variant }) => variant === 'm');
  if (memoryForms.length > MAX_HOT_MEMORY)
    throw new Error(`${memoryForms.length} hot memory forms, 256 is the limit`);
  memoryForms.forEach((form, index) => (hotMemory[form.id] = index));
  return { forms, hotForms, hotOp, hotMemory, rareBase: FIRST_HOT + hotForms.length };
}
