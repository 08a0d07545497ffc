import { tapIn } from '../../../core/hooks/untap.js';
import { definePlugin } from '../../../core/plugin/plugin.js';
import { PicPair } from './pic-pair.js';
import type { PicPairState } from './pic-pair.js';
import { PcPorts } from './registers.js';

/** The pair of interrupt controllers of a PC, in charge of lines 0 to 15. */
export const pic8259 = definePlugin({
  name: 'pic8259',
  needs: ['ports', 'irq', 'hooks'],

  start({ scope, use }, _config: object, carried?: PicPairState) {
    const pair = new PicPair((high) => use.irq.request(high), carried);
    scope.use('interrupt controller', () => use.irq.claimController(pair));
    scope.use('master ports', () => use.ports.claim(PcPorts.MASTER, 2, pair.master));
    scope.use('slave ports', () => use.ports.claim(PcPorts.SLAVE, 2, pair.slave));
    scope.use('ELCR ports', () => use.ports.claim(PcPorts.ELCR, 2, pair.elcr));
    tapIn(scope, use.hooks.reset, { name: scope.name }, () => pair.reset());
    return { carry: () => pair.carry() };
  },
});
