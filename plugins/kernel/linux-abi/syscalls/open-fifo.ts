import { Errno } from '../../../../core/abi/errno.js';
import type { Context } from '../../contexts/context.js';
import type { Outcome } from '../../contexts/outcome.js';
import type { Description } from '../../files/description.js';
import { Fifo, FifoFile } from '../files/fifo-file.js';
import type { LinuxSystem } from '../system.js';
import { systemOf } from '../system.js';
import { Open, reads, writes } from '../vfs/flags.js';
import type { Location } from '../vfs/location.js';
import type { Node } from '../vfs/types.js';

/** What the VFS hands over for a named pipe. */
export const isFifo = (what: unknown): what is { readonly fifo: Node } =>
  typeof what === 'object' && what !== null && 'fifo' in what;

/**
 * Opening a named pipe waits for the other side. From the first try on the file is open, held by the call: what the
 * other side does meanwhile is not lost.
 */
export function openFifo(
  context: Context,
  location: Location,
  flags: number,
  install: (file: Description) => number,
): Outcome {
  const system = systemOf(context);
  const held = context.consumed;
  const fifo = fifoOf(system, location.node);
  if (!held && (flags & Open.ACCMODE) === Open.WRONLY && flags & Open.NONBLOCK && fifo.readers === 0)
    return -Errno.ENXIO;
  if (!held && context.call)
    context.call.scratch = { readerOpens: fifo.readerOpens, writerOpens: fifo.writerOpens };
  const file = (context.consumed ??= system.files.open(
    new FifoFile(system.kernel, fifo, location, flags),
    flags,
  ));
  if (!(flags & Open.NONBLOCK) && isAlone(context, fifo, flags)) return { keys: [fifo.key] };
  return install(file.retain());
}

function isAlone({ call }: Context, fifo: Fifo, flags: number): boolean {
  const came = (name: 'readerOpens' | 'writerOpens') => fifo[name] !== Number(call?.scratch?.[name]);
  if (!writes(flags)) return fifo.writers === 0 && !came('writerOpens');
  return !reads(flags) && fifo.readers === 0 && !came('readerOpens');
}

function fifoOf(system: LinuxSystem, node: Node): Fifo {
  const known = system.fifos.get(node) ?? new Fifo(system.nextId());
  system.fifos.set(node, known);
  return known;
}
