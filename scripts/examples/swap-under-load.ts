/** Exchanges the file system again and again while a program writes through it. `halfcell script swap-under-load.ts 20` */
export {};

const swaps = Number(process.argv[2] ?? 10);
const lines = 400;
const writer = run(`i=0; while [ $i -lt ${lines} ]; do echo line $i >> /tmp/load; i=$((i+1)); done`);
let longestMs = 0;
for (let done = 0; done < swaps; done++) {
  const startMs = performance.now();
  await swap('ramfs');
  longestMs = Math.max(longestMs, performance.now() - startMs);
}
const { status, output } = await writer;
const written = (await run('cat /tmp/load')).output;
const expected = Array.from({ length: lines }, (_, i) => `line ${i}\n`).join('');
console.log(
  `${swaps} swaps, the longest ${longestMs.toFixed(0)} ms; the writer ended with ${status}${output && `: ${output}`}`,
);
console.log(
  written === expected ? `all ${lines} lines are there, once each` : 'the file is not what was written',
);
process.exitCode = written === expected ? 0 : 1;
