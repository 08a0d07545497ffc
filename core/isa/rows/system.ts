import type { Row } from '../row.js';

export const systemRows: readonly Row[] = [
  // Stands for all bytes that no row describes: 06 (push es) is one of them.
  { name: 'INVALID', encoding: '06', sizes: 64, does: (e) => e.system('undefined'), untestable: true },
];
