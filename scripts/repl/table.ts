type Cell = string | number | bigint | boolean | undefined | null;
type Row = Readonly<Record<string, unknown>>;

const isCell = (value: unknown): value is Cell => value === null || typeof value !== 'object';

/** Whether `value` reads better as a table: a list of two or more fields each, with nothing deep in them. */
export function isTabular(value: unknown): value is readonly Row[] {
  return Array.isArray(value) && value.length > 0 && value.every(isFlat);
}

function isFlat(value: unknown): boolean {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return false;
  const cells = Object.values(value as Row);
  return cells.length > 1 && cells.every((cell) => isCell(cell) || isListOfCells(cell));
}

const isListOfCells = (value: unknown): boolean => Array.isArray(value) && value.every(isCell);

/** Columns by name, numbers to the right, a line of names on top. */
export function table(list: readonly object[]): string {
  const rows = list as readonly Row[];
  const names = [...new Set(rows.flatMap((row) => Object.keys(row)))];
  const columns = names.map((name) => column(name, rows));
  const lines = [names, ...rows.map((_, at) => columns.map(({ texts }) => texts[at] ?? ''))];
  return lines
    .map((cells) =>
      cells
        .map((cell, at) => pad(cell, columns[at]))
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}

interface Column {
  readonly texts: readonly string[];
  readonly width: number;
  readonly right: boolean;
}

function column(name: string, rows: readonly Row[]): Column {
  const values = rows.map((row) => row[name]);
  const texts = values.map(cellText);
  const right = values.every((value) => typeof value === 'number' || typeof value === 'bigint');
  return { texts, right, width: Math.max(name.length, ...texts.map((text) => text.length)) };
}

function pad(text: string, { width, right }: Column = { texts: [], width: 0, right: false }): string {
  return right ? text.padStart(width) : text.padEnd(width);
}

function cellText(value: unknown): string {
  if (value === undefined || value === null) return '';
  return Array.isArray(value) ? value.join(', ') : String(value);
}
