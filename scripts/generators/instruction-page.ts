import { featureOf } from '../../core/isa/features.js';
import type { ParsedRow } from '../../core/isa/row.js';
import type { RowSet } from '../../core/isa/rows/index.js';

const HEADINGS = ['instruction', 'opcode', 'operands', 'CPUID'] as const;

const INTRODUCTION = `# Instructions

What the processor executes, by family of rows (\`core/isa/rows\`). Opcodes and operand letters are those of the Intel manual (volume 2, appendix A);
\`np\` is no prefix, \`nfx\` neither f2 nor f3. Written by \`npm run docs:instructions\`.
`;

/** The page of all rows as Markdown, formatted as prettier does. */
export function instructionPage({ rows, families }: RowSet): string {
  const shown = rows.filter(({ name }) => name !== 'INVALID');
  const names = [...new Set(families.values())];
  const sections = names.map((name) =>
    section(
      name,
      shown.filter((row) => families.get(row) === name),
    ),
  );
  return [`${INTRODUCTION}\n${count(shown)}\n`, ...sections].join('\n');
}

function count(rows: readonly ParsedRow[]): string {
  const mnemonics = new Set(rows.flatMap(({ mnemonic, mnemonics: bySize }) => bySize ?? [mnemonic]));
  return `${rows.length} rows, ${mnemonics.size} mnemonics.`;
}

function section(name: string, rows: readonly ParsedRow[]): string {
  const lines = rows.map((row) => [mnemonic(row), row.encoding, operands(row), featureOf(row, name)]);
  return `## ${name}\n\n${table(lines)}`;
}

const mnemonic = ({ mnemonic: one, mnemonics: bySize }: ParsedRow) => [...new Set(bySize ?? [one])].join(' ');

const operands = ({ operands: codes }: ParsedRow) => codes.map(({ text }) => text).join(', ');

/** Cells padded to the width of their column. */
function table(lines: readonly (readonly string[])[]): string {
  const widths = HEADINGS.map((heading, i) =>
    Math.max(heading.length, ...lines.map((line) => line[i]!.length)),
  );
  const format = (cells: readonly string[]) =>
    `| ${cells.map((cell, i) => cell.padEnd(widths[i]!)).join(' | ')} |\n`;
  const rule = widths.map((width) => '-'.repeat(width));
  return [HEADINGS, rule, ...lines].map(format).join('');
}
