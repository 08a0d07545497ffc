import { Errno } from '../../../../core/abi/errno.js';
import type { Context } from '../../contexts/context.js';
import type { Outcome } from '../../contexts/outcome.js';
import type { Caller, UserBuffer } from '../../files/description.js';
import { signalKey, threadOf } from '../process/thread.js';
import type { SignalInfo } from '../signals/signal-queue.js';
import type { Stat } from '../vfs/types.js';
import { anonymousStat } from './anonymous-stat.js';
import { Poll } from './open-file.js';
import type { OpenFile, Readiness } from './open-file.js';

const RECORD_BYTES = 128;

/** signalfd(2): pending signals of whoever reads. */
export class SignalFile implements OpenFile {
  readonly seekable = false;
  readonly text = 'anon_inode:[signalfd]';

  constructor(public mask: bigint) {}

  read({ context }: Caller, into: UserBuffer, _position: number, nonBlocking: boolean): Outcome {
    if (into.length < RECORD_BYTES) return -Errno.EINVAL;
    const thread = threadOf(context);
    if ((pendingOf(context) & this.mask) === 0n)
      return nonBlocking ? -Errno.EAGAIN : { keys: [signalKey(thread.tid)] };
    into.prepare();
    const records: Uint8Array[] = [];
    while ((records.length + 1) * RECORD_BYTES <= into.length) {
      const info = thread.pending.take(this.mask) ?? thread.process.pending.take(this.mask);
      if (!info) break;
      records.push(encode(info));
    }
    return into.write(Buffer.concat(records));
  }

  stat(): Stat {
    return anonymousStat(0o600, 1);
  }

  poll(context: Context): Readiness {
    const ready = (pendingOf(context) & this.mask) !== 0n;
    return { events: ready ? Poll.IN | Poll.RDNORM : 0, keys: [signalKey(threadOf(context).tid)] };
  }
}

function pendingOf(context: Context): bigint {
  const { pending, process } = threadOf(context);
  return pending.set | process.pending.set;
}

/** struct signalfd_siginfo. */
function encode({
  signal,
  code,
  pid = 0,
  uid = 0,
  status = 0,
  value = 0,
  address = 0,
}: SignalInfo): Uint8Array {
  const bytes = new Uint8Array(RECORD_BYTES);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, signal, true);
  view.setInt32(8, code, true);
  view.setUint32(12, pid, true);
  view.setUint32(16, uid, true);
  view.setInt32(40, status, true);
  view.setInt32(44, Number(BigInt.asIntN(32, BigInt(value))), true);
  view.setBigUint64(48, BigInt.asUintN(64, BigInt(value)), true);
  view.setBigUint64(72, BigInt(Number.isNaN(address) ? 0 : address), true);
  return bytes;
}
