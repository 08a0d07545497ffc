/** Puts a chip that notes every access in the place of the serial port, and the ordinary one back, while it is in use. */
import { definePlugin } from 'halfcell';
import { Serial16550 } from '../../plugins/devices/serial16550/serial16550.js';
import type { SerialConfig } from '../../plugins/devices/serial16550/index.js';
import type { SerialState } from '../../plugins/devices/serial16550/serial16550.js';

const accesses: string[] = [];

class LoggingSerial extends Serial16550 {
  override read8(register: number): number {
    const value = super.read8(register);
    accesses.push(`in  ${register}: 0x${value.toString(16)}`);
    return value;
  }

  override write8(register: number, value: number): void {
    accesses.push(`out ${register}: 0x${value.toString(16)}`);
    super.write8(register, value);
  }
}

const loggingSerial = definePlugin({
  name: 'serial16550',
  needs: ['ports', 'irq', 'clock', 'machine'],
  config: { base: 0x3f8, irq: 4 },

  start({ scope, use }, { base, irq: line, line: cable }: SerialConfig, carried?: SerialState) {
    const wires = {
      transmit: (byte: number) => cable.onByte(byte),
      setIrq: (high: boolean) => use.irq.set(line, high),
      take: () => cable.take(),
      after: (delayNs: number, fire: () => void) => use.clock.after(delayNs, fire),
    };
    const chip = new LoggingSerial(wires, {}, carried);
    scope.use('ports', () => use.ports.claim(base, 8, chip));
    scope.whenLive(() => {
      scope.use('line', () => cable.connect(() => void use.machine.atBorder(() => chip.takeWaiting())));
    });
    return { carry: () => chip.carry() };
  },
});

const say = async (text: string) => {
  await run(`echo ${text} > /scheme/debug`);
  await until(text);
};

await say('before');
console.log(await swap(loggingSerial));
await say('hi');
console.log(await swap('serial16550'));
const noted = accesses.length;
await say('after');
console.log(accesses.slice(0, 6).join('\n'));
console.log(`${noted} accesses noted, ${accesses.length - noted} after the ordinary chip was back`);
