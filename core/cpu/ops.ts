import type { Form } from '../isa/forms.js';
import { formsOf, isHot } from '../isa/forms.js';
import type { ParsedRow } from '../isa/row.js';

/** Ops that are no form. */
export const Op = {
  undecoded: 0,
  /** Goes on at page base + displacement: behind the last byte of a page, and behind a record for one execution. */
  pageEnd: 1,
  /** The instruction continues in the next page. */
  cross: 2,
  breakpoint: 3,
  /** Goes on at the record that is `immediate` bytes away. */
  goto: 4,
  /** Head of a loop or function, in front of its record: counts `displacement` down, then goes on at the record `immediate` bytes away. */
  count: 5,
  /** The same with a compiled region, behind number `displacement` of the table; `reg`, 16 bits: which of its jumps are told. */
  region: 6,
} as const;

const FIRST_HOT = 7;

/** Which op number each form has. Deterministic, so that a module built earlier fits. */
export interface OpTable {
  readonly forms: readonly Form[];
  readonly hotForms: readonly Form[];
  /** By form id: the op that tier 1 holds inline, or 0. */
  readonly hotOp: Uint16Array;
  /** By form id: number of a hot memory form, for the ops behind a complex address. */
  readonly hotMemory: Uint16Array;
  readonly memoryForms: readonly Form[];
  /** Op of a hot memory form behind base + index << scale + displacement: this plus its number. */
  readonly indexedBase: number;
  /** The same with a segment base, and with the 32-bit addresses of other modes than 64-bit mode. */
  readonly segmentedBase: number;
  /** Op of a form outside: this plus its id. */
  readonly rareBase: number;
}

export function buildOpTable(rows: readonly ParsedRow[]): OpTable {
  const forms = rows.flatMap(formsOf);
  const hotForms = forms.filter(isHot);
  const hotOp = new Uint16Array(forms.length);
  const hotMemory = new Uint16Array(forms.length);
  hotForms.forEach((form, index) => (hotOp[form.id] = FIRST_HOT + index));
  for (const form of forms) if (jumpsAlike(form)) hotOp[form.id] = hotOp[form.id + form.row.variants.length]!;
  const memoryForms = hotForms.filter(({ variant }) => variant === 'm');
  memoryForms.forEach((form, index) => (hotMemory[form.id] = index));
  const indexedBase = FIRST_HOT + hotForms.length;
  const segmentedBase = indexedBase + memoryForms.length;
  const rareBase = segmentedBase + memoryForms.length;
  return { forms, hotForms, hotOp, hotMemory, memoryForms, indexedBase, segmentedBase, rareBase };
}

/** A jump of 32 bits in a flat segment is that of 64 bits, but for a target beyond 4 GiB, which no code TLB knows. */
const jumpsAlike = ({ row, size }: Form) =>
  size === 32 && row.sizes === 'n64' && row.variants.includes('near') && row.mnemonic !== 'call';

/** What running code needs to know about the forms. */
export interface FormTable {
  readonly count: number;
  readonly rareBase: number;
  /** By op below `rareBase`: the id of its form. */
  readonly byOp: Uint16Array;
  readonly families: readonly string[];
  /** By form id: the number of its family. */
  readonly family: Uint8Array;
}

export function formTable(ops: OpTable, familyOf: ReadonlyMap<ParsedRow, string>): FormTable {
  const families = [...new Set(familyOf.values())];
  const numbers = new Map(families.map((name, number) => [name, number]));
  return {
    count: ops.forms.length,
    rareBase: ops.rareBase,
    byOp: formsByOp(ops),
    families,
    family: Uint8Array.from(ops.forms, ({ row }) => numbers.get(familyOf.get(row)!)!),
  };
}

function formsByOp({ hotForms, memoryForms, rareBase }: OpTable): Uint16Array {
  const ids = new Uint16Array(rareBase);
  [...hotForms, ...memoryForms, ...memoryForms].forEach(({ id }, index) => (ids[FIRST_HOT + index] = id));
  return ids;
}
