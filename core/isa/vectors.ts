/**
 * One line: row | bytes | text | before | after. Values are hex, `_` groups digits. Names: rax..r15, rip, flags (cf pf af zf sf
 * of df if ac), xmm0..15 and ymm0h..15h, the upper halves (32 digits, high first), mxcsr, st0..7 (20 digits), fcw, fsw (named before st), ftw (abridged), [address]=bytes in memory order, and after a fault `fault=vector`. What a line does
 * not name starts as zero and is not checked.
 */
export interface Vector {
  readonly row: string;
  readonly bytes: string;
  /** Of `mode=32` in `before`: 32-bit code; else 64. */
  readonly mode: 32 | 64;
  readonly text: string;
  readonly before: Values;
  readonly after: Values;
}

export type Values = Readonly<Record<string, string>>;

export function parseVectors(file: string): Vector[] {
  const lines = file.split('\n').filter((line) => line.trim() !== '' && !line.startsWith('#'));
  return lines.map(parseLine);
}

function parseLine(line: string): Vector {
  const [row = '', bytes = '', text = '', before = '', after = ''] = line
    .split('|')
    .map((cell) => cell.trim());
  const { mode, ...rest } = values(before);
  return { row, bytes, text, mode: mode === '32' ? 32 : 64, before: rest, after: values(after) };
}

function values(cell: string): Values {
  const pairs = cell.split(/\s+/).filter(Boolean);
  return Object.fromEntries(
    pairs.map((pair) => {
      const at = pair.indexOf('=');
      return [
        pair.slice(0, at),
        pair
          .slice(at + 1)
          .replaceAll('_', '')
          .toLowerCase(),
      ];
    }),
  );
}
