import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { halfcell } from '../processes.js';
import type { CommandLine } from '../processes.js';

/** Descriptions of machines that boot one image each, in a folder of their own. */
export class MachineFiles {
  readonly #folder = mkdtempSync(join(tmpdir(), 'halfcell-bench-'));
  #count = 0;

  constructor(private readonly memoryMiB: number) {}

  /** The command that boots `image`, its serial port on standard input and output. */
  command(image: string, commandLine: string): CommandLine {
    const file = join(this.#folder, `bare-${this.#count++}.toml`);
    writeFileSync(file, this.#description(image, commandLine));
    return halfcell('boot', '--machine', file);
  }

  remove(): void {
    rmSync(this.#folder, { recursive: true, force: true });
  }

  #description(image: string, commandLine: string): string {
    const lines = [
      `memory_mib = ${this.memoryMiB}`,
      '[machine]',
      `kernel = ${JSON.stringify(image)}`,
      `command_line = ${JSON.stringify(commandLine)}`,
      ...['pic8259', 'pit8254', 'serial16550', 'power-off'].map((name) => `[devices.${name}]`),
    ];
    return `${lines.join('\n')}\n`;
  }
}
