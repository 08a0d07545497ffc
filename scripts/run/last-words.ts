import { parseElf, SegmentType } from '../../core/loader/elf.js';
import type { Context } from '../../plugins/kernel/contexts/context.js';
import { openProgramAs } from '../../plugins/kernel/linux-abi/process/open-program.js';
import type { LinuxProcess } from '../../plugins/kernel/linux-abi/process/process.js';
import { signalName } from '../../plugins/kernel/linux-abi/signals/signal-numbers.js';
import type { SignalInfo } from '../../plugins/kernel/linux-abi/signals/signal-queue.js';
import { vfsCaller } from '../../plugins/kernel/linux-abi/system.js';
import { orErrno } from '../../plugins/kernel/linux-abi/vfs/failure.js';
import { FrameLayout } from '../../plugins/kernel/image/layout.js';
import { symbolAt } from './program-symbols.js';
import type { NamedPlace, ReadFile } from './program-symbols.js';

const PAGE_BYTES = 4096;
const PAGE_FAULT = 14;
const hex = (value: number | bigint) => `0x${value.toString(16)}`;

/** One line about a program that died by a fault: signal, rip, symbol, address. Undefined where it was only told to end. */
export function lastWords(process: LinuxProcess, info: SignalInfo, context: Context): string | undefined {
  if (info.address === undefined || !context.exception) return undefined;
  const rip = process.system.kernel.guest(context).frame(FrameLayout.rip);
  const place = placeOf(process, context, Number(rip));
  const where = place ? ` in ${place.name}${place.offset > 0 ? `+${hex(place.offset)}` : ''}` : '';
  const touched = context.exception.vector === PAGE_FAULT ? `, address ${hex(info.address)}` : '';
  return `${process.name} (process ${process.pid}) was killed by ${signalName(info.signal)} at rip ${hex(rip)}${where}${touched}`;
}

/** By the symbols of the file that is mapped there: the program itself, or a library. */
function placeOf(process: LinuxProcess, { space }: Context, rip: number): NamedPlace | undefined {
  const path = space?.find(rip)?.label;
  if (!space || !path?.startsWith('/')) return undefined;
  const file = orErrno(() => openProgramAs(process.system, { ...vfsCaller(process), uid: 0 }, path));
  if (typeof file === 'number') return undefined;
  const start = Math.min(...space.grants.filter(({ label }) => label === path).map((grant) => grant.start));
  const read: ReadFile = (offset, length) => {
    const bytes = new Uint8Array(Math.min(length, Math.max(0, file.handle.stat().size - offset)));
    return bytes.subarray(0, file.handle.read(bytes, offset));
  };
  const base = linkedStart(read);
  return base === undefined ? undefined : symbolAt(read, rip - start + base);
}

/** The lowest page that the file asks for. */
function linkedStart(read: ReadFile): number | undefined {
  const elf = parseElf(read);
  if (typeof elf === 'string') return undefined;
  const loads = elf.segments.filter(({ type }) => type === SegmentType.LOAD);
  const lowest = Math.min(...loads.map(({ virtual }) => virtual));
  return lowest - (lowest % PAGE_BYTES);
}
