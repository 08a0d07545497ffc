/** System calls of each program while a command runs. `halfcell script count-syscalls.ts 'ls -l / | wc'` */
import { Scope, tapIn } from 'halfcell';

const [command = 'ls / | wc -l'] = process.argv.slice(2);
const counts = new Map<string, number>();
const { kernel: core } = kernel;
tapIn(new Scope('count-syscalls'), machine.hooks.syscallExit, { name: 'count-syscalls' }, (pad) => {
  const key = `${core.current.name} ${core.parts.pads.nameOf(pad)?.replace('sys_', '')}`;
  counts.set(key, (counts.get(key) ?? 0) + 1);
});
const { status, output } = await run(command);
process.stdout.write(output);
console.log(`status ${status}`);
const rows = [...counts].sort(([, left], [, right]) => right - left);
for (const [key, count] of rows) console.log(`${String(count).padStart(6)}  ${key}`);
