import { parseArgs } from 'node:util';
import { whyNoNativeCpu } from './native/native-cpu.js';
import type { Disagreement } from './opcode-audit.js';
import { disagreements, opcodeCases, vexCases } from './opcode-audit.js';

const PREFIXES = [[], [0x66], [0xf2], [0xf3], [0x66, 0xf3], [0x66, 0xf2], [0xf0]];
const SHOWN = 6;

/** `npm run audit:isa [-- vex]`: every opcode that the host's processor and ours see differently, those that only one of them has included. */
function main(): number {
  const { positionals } = parseArgs({ allowPositionals: true });
  const reason = whyNoNativeCpu();
  if (reason) {
    console.error(`audit:isa ${reason}`);
    return 1;
  }
  const cases = positionals[0] === 'vex' ? vexCases() : PREFIXES.flatMap(opcodeCases);
  const groups = new Map<string, Disagreement[]>();
  for (const found of disagreements(cases)) {
    const key = `host ${found.host}, ours ${found.ours}: ${found.row ?? 'no row'}`;
    groups.set(key, [...(groups.get(key) ?? []), found]);
  }
  console.log(`${cases.length} encodings`);
  for (const [key, group] of groups)
    console.log(key, group.length, ...group.slice(0, SHOWN).map(({ bytes }) => bytes));
  return 0;
}

process.exitCode = main();
