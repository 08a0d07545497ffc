import { Signal } from '../../../core/abi/process-manager.js';
import { forEachOperand } from './applet.js';
import { signalName, signalNumber } from './signals.js';
import type { Applet, Call } from './applet.js';

export const kill: Applet = {
  usage: '[-s SIGNAL | -SIGNAL] PID... | -l [NUMBER]',
  about: 'Sends a signal (default TERM). A negative PID is a process group.',
  raw: true,
  run(call) {
    const [first = '', ...rest] = call.args;
    if (first === '-l' || first === '-L') return list(call, rest);
    if (first === '-s' || first === '-n') return send(call, rest[0] ?? '', rest.slice(1));
    if (/^-./.test(first) && first !== '--') return send(call, first.slice(1), rest);
    return send(call, 'TERM', first === '--' ? rest : call.args);
  },
};

function list({ out }: Call, numbers: readonly string[]): number {
  if (numbers.length === 0) out.line(Object.keys(Signal).join(' '));
  for (const text of numbers) out.line(signalName(Number(text) & 0x7f));
  return 0;
}

function send(call: Call, signal: string, targets: readonly string[]): number {
  const number = signalNumber(signal);
  if (number === undefined) return usage(call, `${signal}: unknown signal`);
  if (targets.length === 0) return usage(call, 'missing process');
  return forEachOperand(call, targets, (target) => {
    if (!/^-?\d+$/.test(target)) throw new Error('not a process id');
    call.os.processes.kill(Number(target), number);
  });
}

function usage(call: Call, message: string): number {
  call.complain(message);
  return 2;
}
