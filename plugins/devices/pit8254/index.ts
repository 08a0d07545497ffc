import { tapIn } from '../../../core/hooks/untap.js';
import { definePlugin } from '../../../core/plugin/plugin.js';
import { Pit8254 } from './pit8254.js';
import type { PitState } from './pit8254.js';
import { PcPorts } from './registers.js';

export interface PitConfig {
  readonly irq: number;
  /** Hears the speaker: the frequency in hertz, 0 for silence. */
  readonly onTone: (hz: number) => void;
}

/** The interval timer of a PC: counter 0 drives an interrupt line, counter 2 the speaker. */
export const pit8254 = definePlugin({
  name: 'pit8254',
  needs: ['ports', 'irq', 'clock', 'hooks'],
  config: { irq: 0, onTone: () => {} },

  start({ scope, use }, { irq, onTone }: PitConfig, carried?: PitState) {
    const wires = {
      nowNs: () => use.clock.nowNs,
      at: (deadlineNs: number, fire: () => void) => use.clock.at(deadlineNs, fire),
      setIrq: (high: boolean) => use.irq.set(irq, high),
      tone: (hz: number) => scope.whenLive(() => onTone(hz)),
    };
    const chip = new Pit8254(wires, carried);
    scope.use('counter ports', () => use.ports.claim(PcPorts.COUNTERS, 4, chip));
    scope.use('system control port', () => use.ports.claim(PcPorts.SYSTEM_CONTROL, 1, chip.systemControl));
    tapIn(scope, use.hooks.reset, { name: scope.name }, () => chip.reset());
    return { carry: () => chip.carry() };
  },
});
