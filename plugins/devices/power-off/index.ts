import { definePlugin } from '../../../core/plugin/plugin.js';
import { DebugExit, PowerManagement } from './power-off.js';
import { PcPorts } from './registers.js';

export interface PowerOffConfig {
  /** Base of ACPI's PM1a control register; -1 for none. */
  readonly pm1aControl: number;
  /** The port whose value becomes the status; -1 for none. */
  readonly debugExit: number;
}

/** Ends the machine when the guest asks for it, the way QEMU's machines let it. */
export const powerOff = definePlugin({
  name: 'power-off',
  needs: ['ports', 'machine'],
  config: { pm1aControl: PcPorts.PM1A_CONTROL, debugExit: PcPorts.DEBUG_EXIT },

  start({ scope, use }, { pm1aControl, debugExit }: PowerOffConfig) {
    const off = (status: number) => use.machine.powerOff(status);
    if (pm1aControl >= 0) {
      scope.use('PM1a control', () => use.ports.claim(pm1aControl, 2, new PowerManagement(off)));
    }
    if (debugExit >= 0) scope.use('debug exit', () => use.ports.claim(debugExit, 4, new DebugExit(off)));
    return { carry: () => ({ version: 1 }) };
  },
});
