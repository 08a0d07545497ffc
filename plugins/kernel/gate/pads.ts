import type { SourcePlace } from './abi.js';

export interface PadRecord {
  readonly name: string;
  readonly source: SourcePlace;
  readonly parameters?: readonly string[] | undefined;
}

/** One landing pad for each name, whatever ABIs share it: `sys_read` serves both kinds of program. */
export class PadTable {
  readonly #indices = new Map<string, number>();
  readonly pads: PadRecord[] = [];

  constructor() {
    this.add({ name: 'unknown', source: { file: 'plugins/kernel/gate/gate.ts', line: 1 } });
  }

  /** The pad of a call, made on first use. */
  add({ name, source, parameters }: PadRecord): number {
    const symbol = padSymbol(name);
    const known = this.#indices.get(symbol);
    if (known !== undefined) return known;
    this.#indices.set(symbol, this.pads.length);
    this.pads.push({ name: symbol, source, parameters: parameters?.slice(0, 6) });
    return this.pads.length - 1;
  }

  nameOf(index: number): string | undefined {
    return this.pads[index]?.name;
  }
}

const padSymbol = (name: string) => `sys_${name}`;
