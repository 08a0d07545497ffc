import { SystemFuzzer, systemLine, systemRows } from './system-fuzz.js';
import { OurSystem, QemuSystem, whyNoQemu } from './system-under-test.js';

const DEFAULT_SECONDS = 10;
const PER_ROW = 20;
const SHOWN = 20;

interface Options {
  readonly seconds: string | undefined;
  readonly seed: string | undefined;
  readonly pattern: string | undefined;
}

/** `npm run fuzz:isa -- --privileged`: rows of the system against QEMU, until the time is over. */
export async function fuzzSystem({ seconds, seed, pattern }: Options): Promise<number> {
  const reason = whyNoQemu();
  if (reason) {
    console.error(`fuzz:isa ${reason}`);
    return 1;
  }
  const start = Number(seed ?? Date.now() % 1e9);
  const rows = systemRows(new RegExp(pattern ?? '.'));
  const qemu = new QemuSystem();
  const fuzzer = new SystemFuzzer(qemu, new OurSystem(), rows, start);
  const departures = new Map<string, number>();
  const end = performance.now() + Number(seconds ?? DEFAULT_SECONDS) * 1000;
  let [instances, mismatches] = [0, 0];
  console.log(`seed ${start}, ${rows.length} rows`);
  try {
    do {
      const run = await fuzzer.run(PER_ROW);
      instances += rows.length * PER_ROW;
      for (const mismatch of run.mismatches) if (mismatches++ < SHOWN) console.log(systemLine(mismatch));
      for (const [why, count] of run.departures) departures.set(why, (departures.get(why) ?? 0) + count);
    } while (performance.now() < end);
  } finally {
    await qemu.close();
  }
  for (const [why, count] of departures) console.log(`${count} times QEMU ${why}`);
  console.log(`${instances} instances, ${mismatches} mismatches`);
  return mismatches === 0 ? 0 : 1;
}
