import { definePlugin } from '../../../core/plugin/plugin.js';
import { tapIn } from '../../../core/hooks/untap.js';
import { Serial16550 } from './serial16550.js';
import type { SerialOptions, SerialState } from './serial16550.js';
import type { SerialLine } from './serial-line.js';

export { SerialLine } from './serial-line.js';

export interface SerialConfig extends SerialOptions {
  readonly base: number;
  readonly irq: number;
  readonly line: SerialLine;
}

/** A serial port: COM1 unless told otherwise. */
export const serial16550 = definePlugin({
  name: 'serial16550',
  needs: ['ports', 'irq', 'clock', 'hooks', 'machine'],
  config: { base: 0x3f8, irq: 4 },

  start({ scope, use }, { base, irq, line, ...options }: SerialConfig, carried?: SerialState) {
    const wires = {
      transmit: (byte: number) => line.onByte(byte),
      setIrq: (high: boolean) => use.irq.set(irq, high),
      take: () => line.take(),
      after: (delayNs: number, fire: () => void) => use.clock.after(delayNs, fire),
    };
    const chip = new Serial16550(wires, options, carried);
    scope.use('ports', () => use.ports.claim(base, 8, chip));
    tapIn(scope, use.hooks.reset, { name: scope.name }, () => chip.reset());

    // Input comes at any moment of the host; the chip sees it between two slices, and only while it is in charge.
    const fill = () => {
      if (!scope.closed) chip.takeWaiting();
    };
    scope.whenLive(() => {
      scope.use('line', () => line.connect(() => void use.machine.atBorder(fill)));
      chip.takeWaiting();
    });
    return { carry: () => chip.carry() };
  },
});
