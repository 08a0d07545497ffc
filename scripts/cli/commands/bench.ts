import type { Command } from 'commander';
import type { ExitWith } from '../program.js';

const EXAMPLES = `
Examples:
  halfcell bench                               all of them
  halfcell bench cpu                           a group: cpu, tier1, bare, hooks, kernel, start, idle
  halfcell bench --quick cpu                   in a fifth of the time, less exactly
  halfcell bench null isolate-null             these two`;

export function addBenchCommand(program: Command, exitWith: ExitWith): void {
  program
    .command('bench')
    .description('measure speed against this computer and, where installed, QEMU')
    .argument('[names...]', 'benchmarks')
    .option('--quick', 'less work, and everything once')
    .addHelpText('after', EXAMPLES)
    .action(async (names: string[], { quick }: { quick?: boolean }) => {
      const { QUICK, runBenchmarks } = await import('../../bench/index.js');
      exitWith(await runBenchmarks(names, quick ? { effort: QUICK } : {}));
    });
}
