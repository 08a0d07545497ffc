import type { ParsedRow } from './row.js';

/** How an instruction hands on control, as far as that is known before it runs. */
export type Flow = 'next' | 'jump' | 'branch' | 'call' | 'return' | 'indirect' | 'elsewhere';

const CONDITIONAL = /^(J(?!MP)|LOOP)/;
/** After these comes nothing, or nobody knows what. */
const ELSEWHERE = /^(JMP|CALL|RET|IRET|SYSRET|SYSCALL|SYSENTER|SYSEXIT|UD|INVALID|HLT|INT)/;
const NEVER_FALLS_THROUGH = /^(JMP|RET|IRET|SYSRET|UD|INVALID|HLT)/;

export function flowOf({ name, operands }: ParsedRow): Flow {
  const direct = operands.some(({ kind }) => kind === 'J');
  if (direct && CONDITIONAL.test(name)) return 'branch';
  if (direct) return name.startsWith('CALL') ? 'call' : 'jump';
  if (/^(JMP|CALL)_Ev$/.test(name)) return 'indirect';
  if (/^RET(_Iw)?$/.test(name)) return 'return';
  return ELSEWHERE.test(name) ? 'elsewhere' : 'next';
}

/** The instruction behind it is reached by a jump, if at all. */
export const endsRun = ({ name }: ParsedRow): boolean => NEVER_FALLS_THROUGH.test(name);
