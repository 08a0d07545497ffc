/** Fault injection: a serial line that loses every seventh byte on its way to the terminal. */
import { stripVTControlCharacters } from 'node:util';
import { Scope, tapKeyIn } from 'halfcell';

const COM1 = 0x3f8;
const DIVISOR_LATCH = 0x80;
let sent = 0;
const send = async (text: string) => {
  const heard = until('\n');
  await run(`echo ${text} > /scheme/debug`);
  // The shell's prompt moves the cursor.
  return stripVTControlCharacters(await heard).trim();
};

await until('# ');
const scope = new Scope('flaky-line');
tapKeyIn(scope, machine.hooks.portOut, COM1, { name: 'flaky-line' }, (sizeBytes) => {
  const isData = sizeBytes === 1 && !(ports.read8(COM1 + 3) & DIVISOR_LATCH);
  // An answer keeps the byte from the device.
  return isData && ++sent % 7 === 0 ? true : undefined;
});
console.log(`lossy: ${await send('abcdefghijklmnopqrstuvwxyz')}`);
await scope.close();
console.log(`whole: ${await send('abcdefghijklmnopqrstuvwxyz')}`);
