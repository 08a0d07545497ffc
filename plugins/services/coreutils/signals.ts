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
