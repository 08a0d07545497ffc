/** Who starts whom, and when: a boot from its first instruction on. `halfcell script --hold trace-boot.ts` */
import { Scope, tapIn } from 'halfcell';

const started = new Set<number>();
tapIn(new Scope('trace-boot'), machine.hooks.syscallExit, { name: 'trace-boot' }, () => {
  for (const { id, name, kind, state } of ps()) {
    if (started.has(id) || state === 'notYetStarted') continue;
    started.add(id);
    const ms = (machine.clock.nowNs / 1e6).toFixed(0).padStart(6);
    console.log(`${ms} ms  context ${String(id).padStart(2)}  ${kind.padEnd(8)}${name}`);
  }
});
machine.resume();
await up();
console.log(`up after ${(machine.clock.nowNs / 1e6).toFixed(0)} ms, ${cpu.retired} instructions`);
