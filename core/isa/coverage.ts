import { formsOf, isHot } from './forms.js';
import type { RowSet } from './rows/index.js';

export interface FamilyCoverage {
  readonly family: string;
  readonly rows: number;
  readonly forms: number;
  readonly hotForms: number;
  readonly mnemonics: readonly string[];
}

/** What is built, by family of rows: for the coverage page and the REPL. */
export function coverage({ rows, families }: RowSet): FamilyCoverage[] {
  return [...new Set(families.values())].map((family) => {
    const own = rows.filter((row) => families.get(row) === family && row.name !== 'INVALID');
    const forms = own.flatMap(formsOf);
    const mnemonics = own.flatMap(({ mnemonic, mnemonics: bySize }) => bySize ?? [mnemonic]);
    return {
      family,
      rows: own.length,
      forms: forms.length,
      hotForms: forms.filter(isHot).length,
      mnemonics: [...new Set(mnemonics)].sort(),
    };
  });
}
