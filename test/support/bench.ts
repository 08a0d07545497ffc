import { IrqLines } from '../../core/bus/irq-lines.js';
import { MmioBus } from '../../core/bus/mmio-bus.js';
import { PortBus } from '../../core/bus/port-bus.js';
import { ManualClock } from '../../core/clock/manual-clock.js';
import type { HostError } from '../../core/errors/host-error.js';
import { createMachineHooks } from '../../core/hooks/machine-hooks.js';
import { tapIn } from '../../core/hooks/untap.js';
import { Scope } from '../../core/lifecycle/scope.js';
import type { MachineControl } from '../../core/machine/control.js';
import { PluginHost } from '../../core/plugin/plugin-host.js';

/** Buses, a clock moved by hand and a plugin host, without a CPU: enough for a device. */
export function createBench({ epochNs = 0n } = {}) {
  const hooks = createMachineHooks();
  const ports = new PortBus(hooks);
  const mmio = new MmioBus(hooks);
  const clock = new ManualClock(epochNs);
  /** Levels of the CPU's interrupt input, as they came. */
  const interruptLevels: boolean[] = [];
  const irq = new IrqLines(hooks, (high) => void interruptLevels.push(high));
  const { machine, poweredOff, resets } = fakeControl();
  const host = new PluginHost({ services: { ports, irq, mmio, clock, hooks, machine }, hooks });
  const failures: HostError[] = [];
  tapIn(
    new Scope('bench'),
    hooks.pluginFailed,
    { name: 'bench' },
    (_name, error) => void failures.push(error),
  );
  return { hooks, ports, mmio, clock, irq, interruptLevels, host, failures, poweredOff, resets };
}

export type Bench = ReturnType<typeof createBench>;

function fakeControl() {
  const poweredOff: number[] = [];
  const resets: string[] = [];
  const machine: MachineControl = {
    state: 'running',
    pause: async () => {},
    resume() {},
    step: async () => ({ kind: 'step' }),
    reset: async (cause = 'request') => void resets.push(cause),
    powerOff: (status = 0) => void poweredOff.push(status),
    wake() {},
    atBorder: async (action) => action(),
    doorbell: () => () => {},
  };
  return { machine, poweredOff, resets };
}
