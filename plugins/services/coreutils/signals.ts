import { Signal } from '../../../core/abi/process-manager.js';

const names: ReadonlyMap<number, string> = new Map(
  Object.entries(Signal).map(([name, number]) => [number, name]),
);

/** `TERM` for 15. */
export const signalName = (number: number): string => names.get(number) ?? String(number);

/** From `9`, `KILL` or `SIGKILL`; undefined for what is none. */
export function signalNumber(text: string): number | undefined {
  if (/^\d+$/.test(text)) return Number(text) <= 64 ? Number(text) : undefined;
  return (Signal as Readonly<Record<string, number>>)[text.toUpperCase().replace(/^SIG/, '')];
}

const TEXTS: Readonly<Record<number, string>> = {
  [Signal.HUP]: 'Hangup',
  [Signal.QUIT]: 'Quit',
  [Signal.ILL]: 'Illegal instruction',
  [Signal.TRAP]: 'Trace/breakpoint trap',
  [Signal.ABRT]: 'Aborted',
  [Signal.BUS]: 'Bus error',
  [Signal.FPE]: 'Floating point exception',
  [Signal.KILL]: 'Killed',
  [Signal.SEGV]: 'Segmentation fault',
  [Signal.TERM]: 'Terminated',
};

/** What a shell says of a death. */
export const signalText = (number: number): string => TEXTS[number] ?? `Killed by signal ${number}`;
