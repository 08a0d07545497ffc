import { Open } from '../../../core/abi/flags.js';
import { forEachOperand } from './applet.js';
import { LineReader } from '../runtime/streams.js';
import type { Call } from './applet.js';

/** Opens each operand in turn, `-` and none at all being standard input. A file that fails is said and skipped. */
export function forEachInput(
  call: Call,
  operands: readonly string[],
  act: (fd: number, name: string) => void,
): number {
  return forEachOperand(call, operands.length > 0 ? operands : ['-'], (name) => {
    if (name === '-') act(call.stdin, name);
    else call.os.files.with(name, Open.RDONLY, (fd) => act(fd, name));
  });
}

/** Lines of all inputs, as text. */
export function forEachLine(call: Call, operands: readonly string[], act: (line: string) => void): number {
  return forEachInput(call, operands, (fd) => {
    const reader = new LineReader(call.os.files, fd);
    for (let line = reader.nextText(); line !== undefined; line = reader.nextText()) act(line);
  });
}

export function allLines(call: Call, operands: readonly string[]): { lines: string[]; status: number } {
  const lines: string[] = [];
  const status = forEachLine(call, operands, (line) => void lines.push(line));
  return { lines, status };
}
