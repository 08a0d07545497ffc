import { parseNumber } from '../hex.js';
import { OK } from './packet.js';
import type { Packet } from './packet.js';

function parseChoice(text: string): readonly number[] | 'all' | 'none' {
  const [enabled, ...numbers] = text.split(';');
  if (enabled === '0') return 'none';
  return numbers.length > 0 ? numbers.map(parseNumber) : 'all';
}

/** `QCatchSyscalls:0` or `QCatchSyscalls:1[;NUMBER]...` */
export const catchSyscalls: Packet = {
  name: 'QCatchSyscalls',
  offered: ({ syscallCatch }) => syscallCatch !== undefined,
  supported: () => ['QCatchSyscalls+'],
  answer(session, rest) {
    session.target.syscallCatch?.set(parseChoice(rest.slice(1)));
    return OK;
  },
};
