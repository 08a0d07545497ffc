import type { Machine } from '../../core/machine/machine.js';
import { Sig } from '../../plugins/kernel/linux-abi/signals/signal-numbers.js';
import { forwardSignals } from '../../plugins/kernel/linux-abi/stdio/host-signals.js';
import type { KernelService } from '../../plugins/kernel/index.js';
import type { LinuxSystem } from '../../plugins/kernel/linux-abi/system.js';

const SI_KERNEL = 128;
const FIRST_GROUP = 1;
/** What keys of a terminal send: to the job in its foreground. */
const FROM_KEYS: ReadonlySet<number> = new Set([Sig.INT, Sig.QUIT]);

export function signalGroup({ table }: LinuxSystem, pgid: number, signal: number): void {
  for (const target of table.group(pgid)) table.sendToProcess(target, { signal, code: SI_KERNEL });
}

/**
 * Hands the host's signals to the guest's job. While a debugger holds the machine nobody could take them: then `end` is called.
 * Answers the undo.
 */
export function handSignalsOn(
  machine: Machine,
  { service, system }: { service: KernelService; system: LinuxSystem },
  end: (signal: number) => void,
): () => void {
  return forwardSignals((signal) => {
    if (machine.state !== 'running') return end(signal);
    const foreground = FROM_KEYS.has(signal) ? system.terminal?.foreground : undefined;
    service.outside(() => signalGroup(system, foreground ?? FIRST_GROUP, signal));
  });
}
