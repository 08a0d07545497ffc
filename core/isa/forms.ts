import type { OperandSize, ParsedRow, Variant } from './row.js';

/** One row at one operand size with its ModRM operand in a register or in memory: what is executed as a unit. */
export interface Form {
  readonly id: number;
  readonly row: ParsedRow;
  readonly size: OperandSize;
  readonly variant: Variant;
}

export function formsOf(row: ParsedRow): Form[] {
  const { sizeList, variants, firstForm } = row;
  return sizeList.flatMap((size, sizeIndex) =>
    variants.map((variant, index) => ({
      id: firstForm + sizeIndex * variants.length + index,
      row,
      size,
      variant,
    })),
  );
}

/** `ADD_Ev_Gv.32r` */
export const formName = ({ row, size, variant }: Form) => `${row.name}.${size}${variant}`;

export function isHot({ row, size, variant }: Form): boolean {
  if (row.hot === undefined) return false;
  return row.hot
    .split(' ')
    .some((word) => word === 'all' || word === variant || word === `${size}` || word === `${size}${variant}`);
}
