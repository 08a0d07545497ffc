import { Errno } from '../../../../core/abi/errno.js';
import { ProcSchemeAttrs } from '../../../../core/abi/structs.js';
import type { Context } from '../../contexts/context.js';
import type { Outcome } from '../../contexts/outcome.js';
import type { Caller, UserBuffer } from '../../files/description.js';
import type { ProcHandle } from './proc-handle.js';

const LOWEST_PRIORITY = 39;

/** What the process manager tells the kernel about the owner of a context. */
export class AttributesHandle implements ProcHandle {
  constructor(private readonly context: Context) {}

  read(_caller: Caller, into: UserBuffer): Outcome {
    const { pid, euid, egid, priority } = this.context.attributes;
    return into.write(
      ProcSchemeAttrs.encode({ pid, euid, egid, prio: priority, debugName: this.context.name }),
    );
  }

  write({ kernel }: Caller, from: UserBuffer): Outcome {
    if (from.length < ProcSchemeAttrs.sizeBytes) return -Errno.EINVAL;
    const { pid, euid, egid, prio, debugName } = ProcSchemeAttrs.decode(from.read(ProcSchemeAttrs.sizeBytes));
    this.context.attributes = { pid, euid, egid, priority: Math.min(prio, LOWEST_PRIORITY) };
    if (this.context.state !== 'dead') kernel.rename(this.context, debugName);
    return ProcSchemeAttrs.sizeBytes;
  }
}
