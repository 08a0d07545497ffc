import type { Command } from 'commander';
import type { ExitWith } from '../program.js';

const EXAMPLES = `
Examples:
  halfcell bench                               all of them
  halfcell bench cpu                           a group: cpu, kernel, start, idle
  halfcell bench null isolate-null             these two`;

export function addBenchCommand(program: Command, exitWith: ExitWith): void {
  program
    .command('bench')
    .description('measure speed against this computer and, where installed, QEMU')
    .argument('[names...]', 'benchmarks')
    .addHelpText('after', EXAMPLES)
    .action(async (names: string[]) => {
      const { runBenchmarks } = await import('../../bench/index.js');
      exitWith(await runBenchmarks(names));
    });
}
