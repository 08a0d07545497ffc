import type { Process, ProcessState } from './process-table.js';

const LETTERS: Readonly<Record<ProcessState, string>> = {
  running: 'R',
  stopped: 'S',
  exiting: 'E',
  zombie: 'X',
};

const row = (cells: readonly (string | number)[]): string => {
  const numbers = cells.slice(0, 9).map((cell) => String(cell).padEnd(6));
  return `${numbers.join('')}${String(cells[9]).padEnd(8)}${String(cells[10]).padEnd(16)}`.trimEnd();
};

/** The table that `/scheme/proc/ps` reads. */
export function psText(processes: readonly Process[]): string {
  const head = ['PID', 'PGID', 'PPID', 'SID', 'RUID', 'RGID', 'EUID', 'EGID', 'NTHRD', 'STATUS', 'NAME'];
  const rows = processes.map((p) =>
    row([
      p.pid,
      p.pgid,
      p.ppid,
      p.sid,
      p.uid.real,
      p.gid.real,
      p.uid.effective,
      p.gid.effective,
      p.state === 'zombie' ? 0 : 1,
      LETTERS[p.state],
      p.name,
    ]),
  );
  return `${[row(head), ...rows].join('\n')}\n`;
}
