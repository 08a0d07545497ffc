import { parseArgs } from 'node:util';
import { imageInstance, imageRows } from './image-instance.js';
import { borderInstance, randomInstance } from './instance.js';
import { segmentInstance, shortInstance } from './short-instance.js';
import { Fuzzer, testableRows } from './fuzz.js';
import type { Mismatch } from './fuzz.js';
import { whyNoNativeCpu } from './native/native-cpu.js';
import { fuzzSystem } from './privileged/fuzz-system.js';
import { simplified } from './simplify.js';
import { vectorLine } from './vector-line.js';

const DRAWS: Readonly<Record<string, typeof randomInstance>> = {
  '64': randomInstance,
  borders: borderInstance,
  images: imageInstance,
  '32': shortInstance,
  segments: segmentInstance,
};
const DEFAULT_SECONDS = 10;
const SHOWN_PER_ROW = 3;

/** `npm run fuzz:isa -- [--seconds N] [--seed S] [--rows REGEX] [--per-row N] [--mode 32|segments|borders|images] [--privileged]` */
async function main(): Promise<number> {
  const { values } = parseArgs({
    options: {
      seconds: { type: 'string' },
      seed: { type: 'string' },
      rows: { type: 'string' },
      'per-row': { type: 'string' },
      mode: { type: 'string' },
      privileged: { type: 'boolean' },
    },
  });
  const { seconds, seed: given, rows: pattern } = values;
  if (values.privileged) return fuzzSystem({ seconds, seed: given, pattern });
  const reason = whyNoNativeCpu();
  if (reason) {
    console.error(`fuzz:isa ${reason}`);
    return 1;
  }
  const seed = Number(values.seed ?? Date.now() % 1e9);
  const mode = values.mode === '32' || values.mode === 'segments' ? 32 : 64;
  const wanted = new RegExp(values.rows ?? '.');
  const rows = values.mode === 'images' ? imageRows(wanted) : testableRows(wanted, mode);
  const end = performance.now() + Number(values.seconds ?? DEFAULT_SECONDS) * 1000;
  const perRow = Number(values['per-row'] ?? 20);
  const fuzzer = new Fuzzer(rows, seed, DRAWS[values.mode ?? '64']);
  const seen = new Map<string, number>();
  let instances = 0;
  console.log(`seed ${seed}, ${rows.length} rows`);
  do {
    for (const mismatch of fuzzer.run(perRow)) report(mismatch, seen, fuzzer);
    instances += rows.length * perRow;
  } while (performance.now() < end);
  const total = [...seen.values()].reduce((sum, count) => sum + count, 0);
  console.log(`${instances} instances, ${total} mismatches in ${seen.size} rows`);
  return total === 0 ? 0 : 1;
}

function report(mismatch: Mismatch, seen: Map<string, number>, fuzzer: Fuzzer): void {
  const { name } = mismatch.row;
  const count = (seen.get(name) ?? 0) + 1;
  seen.set(name, count);
  if (count <= SHOWN_PER_ROW) console.log(vectorLine(simplified(mismatch, fuzzer)));
}

process.exitCode = await main();
