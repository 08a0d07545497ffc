import type { Handler } from '../../gate/abi.js';
import { processOf, systemOf } from '../system.js';

/** The calling thread alone; the last one ends the process. */
export const exit: Handler = (_kernel, context, code) => {
  const process = processOf(context);
  if (process.threads.size === 1) process.status ??= { kind: 'exited', code: code & 0xff };
  context.killed = true;
  return 0;
};

export const exit_group: Handler = (_kernel, context, code) => {
  systemOf(context).table.exitGroup(processOf(context), { kind: 'exited', code: code & 0xff });
  context.killed = true;
  return 0;
};
