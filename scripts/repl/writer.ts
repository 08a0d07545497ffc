import { inspect } from 'node:util';
import type { Cpu, Registers } from '../../core/cpu/types.js';
import type { Session } from './session.js';
import { isTabular, table } from './table.js';

const REGISTER_NAMES = 'rax rcx rdx rbx rsp rbp rsi rdi r8 r9 r10 r11 r12 r13 r14 r15'.split(' ');
const REGISTERS_A_LINE = 4;
const BYTES_A_LINE = 16;
const MAX_DUMP_BYTES = 1024;

export type Writer = (value: unknown) => string;

/** Prints values of a session: lists as tables, bytes as a dump, the CPU as its registers, the rest as Node does. */
export function createWriter({ machine }: Pick<Session, 'machine'>, colors = false): Writer {
  const known = new Map<unknown, () => string>([
    [machine.cpu, () => cpuText(machine.cpu)],
    [machine.cpu.registers, () => registersText(machine.cpu.registers)],
    [machine.ports, () => table(machine.ports.list().map(inHex))],
    [machine.irq, () => table(machine.irq.list())],
    [machine.plugins, () => table(machine.plugins.list())],
  ]);
  return (value) => known.get(value)?.() ?? plain(value, colors);
}

function plain(value: unknown, colors: boolean): string {
  if (isTabular(value)) return table(value);
  if (value instanceof Uint8Array) return dump(value);
  return inspect(value, { colors, depth: 2, maxArrayLength: 50 });
}

const inHex = ({ base, length, owner }: { base: number; length: number; owner: string }) => ({
  base: `0x${base.toString(16)}`,
  length,
  owner,
});

function cpuText(cpu: Cpu): string {
  return `${registersText(cpu.registers)}\nretired ${cpu.retired}`;
}

function registersText(registers: Registers): string {
  const general = REGISTER_NAMES.map((name, number) => [name, registers.get(number)] as const);
  const { rip, rflags, cr0, cr2, cr3, cr4, fsBase, gsBase, cpl } = registers;
  const others = Object.entries({ rip, rflags, cr0, cr2, cr3, cr4, fsBase, gsBase });
  const cells = [...general, ...others].map(([name, value]) => `${name.padEnd(6)} ${hex64(value)}`);
  const lines = Array.from({ length: Math.ceil(cells.length / REGISTERS_A_LINE) }, (_, line) =>
    cells.slice(line * REGISTERS_A_LINE, (line + 1) * REGISTERS_A_LINE).join('  '),
  );
  return `${lines.join('\n')}\ncpl ${cpl}`;
}

const hex64 = (value: bigint) => value.toString(16).padStart(16, '0');

/** Sixteen bytes a line: offset, hex, text. */
function dump(bytes: Uint8Array): string {
  const shown = bytes.subarray(0, MAX_DUMP_BYTES);
  const lines = Array.from({ length: Math.ceil(shown.length / BYTES_A_LINE) }, (_, line) =>
    dumpLine(shown, line),
  );
  const rest = bytes.length - shown.length;
  return [
    ...lines,
    ...(rest > 0 ? [`… and ${rest} bytes more`] : []),
    ...(bytes.length === 0 ? ['no bytes'] : []),
  ].join('\n');
}

function dumpLine(bytes: Uint8Array, line: number): string {
  const part = [...bytes.subarray(line * BYTES_A_LINE, (line + 1) * BYTES_A_LINE)];
  const hex = part.map((byte) => byte.toString(16).padStart(2, '0')).join(' ');
  const text = part.map((byte) => (byte >= 0x20 && byte < 0x7f ? String.fromCharCode(byte) : '.')).join('');
  return `${(line * BYTES_A_LINE).toString(16).padStart(4, '0')}  ${hex.padEnd(BYTES_A_LINE * 3)} ${text}`;
}
