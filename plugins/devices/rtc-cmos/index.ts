import { tapIn } from '../../../core/hooks/untap.js';
import { definePlugin } from '../../../core/plugin/plugin.js';
import { PcPorts } from './registers.js';
import { RtcCmos } from './rtc-cmos.js';
import type { RtcState } from './rtc-cmos.js';

export interface RtcConfig {
  readonly irq: number;
}

/** The real-time clock of a PC with its 114 bytes of memory; it shows UTC. */
export const rtcCmos = definePlugin({
  name: 'rtc-cmos',
  needs: ['ports', 'irq', 'clock', 'hooks'],
  config: { irq: 8 },

  start({ scope, use }, { irq }: RtcConfig, carried?: RtcState) {
    const wires = {
      nowNs: () => use.clock.nowNs,
      realtimeNs: () => use.clock.realtimeNs,
      at: (deadlineNs: number, fire: () => void) => use.clock.at(deadlineNs, fire),
      setIrq: (high: boolean) => use.irq.set(irq, high),
    };
    const chip = new RtcCmos(wires, carried);
    scope.use('ports', () => use.ports.claim(PcPorts.ADDRESS, 2, chip));
    tapIn(scope, use.hooks.reset, { name: scope.name }, () => chip.reset());
    return { carry: () => chip.carry() };
  },
});
