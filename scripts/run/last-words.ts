import type { Context } from '../../plugins/kernel/contexts/context.js';
import type { LinuxProcess } from '../../plugins/kernel/linux-abi/process/process.js';
import { signalName } from '../../plugins/kernel/linux-abi/signals/signal-numbers.js';
import type { SignalInfo } from '../../plugins/kernel/linux-abi/signals/signal-queue.js';
import { FrameLayout } from '../../plugins/kernel/image/layout.js';

const hex = (value: number | bigint) => `0x${value.toString(16)}`;

/** One line about a program that died by a fault: signal, rip, address. Undefined where it was only told to end. */
export function lastWords(process: LinuxProcess, info: SignalInfo, context: Context): string | undefined {
  if (info.address === undefined || !context.exception) return undefined;
  const { kernel } = process.system;
  const rip = kernel.guest(context).frame(FrameLayout.rip);
  const where = info.address ? `, address ${hex(info.address)}` : '';
  return `${process.name} (process ${process.pid}) was killed by ${signalName(info.signal)} at rip ${hex(rip)}${where}`;
}
