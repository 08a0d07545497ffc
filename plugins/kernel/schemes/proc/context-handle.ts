import { Errno } from '../../../../core/abi/errno.js';
import { ContextDup, ContextVerb, PROC_IOPL_VERB } from '../../../../core/abi/kernel-schemes.js';
import { decodeWords } from '../../../../core/abi/wire.js';
import type { Context } from '../../contexts/context.js';
import type { Outcome } from '../../contexts/outcome.js';
import type { Caller, Opened, UserBuffer } from '../../files/description.js';
import { AddressSpaceHandle } from './address-space-handle.js';
import { AttributesHandle } from './attributes-handle.js';
import { CurrentFileTable, CurrentAddressSpace } from './current-handles.js';
import { EngineHandle } from './engine-handle.js';
import type { EngineStarter } from './engine-handle.js';
import { FileTableHandle } from './file-table-handle.js';
import type { ProcFiles, ProcHandle } from './proc-handle.js';
import { EnvironmentRegisters, FloatRegisters, IntegerRegisters } from './register-handles.js';
import { StartHandle, StatusHandle } from './status-handle.js';

type Make = (handle: ContextHandle) => ProcHandle | undefined;

const SUB_HANDLES: ReadonlyMap<string, Make> = new Map<string, Make>([
  [
    ContextDup.ADDRSPACE,
    ({ context, files }) => context.space && new AddressSpaceHandle(context.space.retain(), files),
  ],
  [
    ContextDup.FILETABLE,
    ({ context, files }) => context.files && new FileTableHandle(context.files.retain(), files, 'text'),
  ],
  [
    ContextDup.FILETABLE_BINARY,
    ({ context, files }) => context.files && new FileTableHandle(context.files.retain(), files, 'binary'),
  ],
  [ContextDup.CURRENT_ADDRSPACE, ({ context, files }) => new CurrentAddressSpace(context, files)],
  [ContextDup.CURRENT_FILETABLE, ({ context, files }) => new CurrentFileTable(context, files)],
  [ContextDup.REGS_INT, ({ context }) => new IntegerRegisters(context)],
  [ContextDup.REGS_FLOAT, ({ context }) => new FloatRegisters(context)],
  [ContextDup.REGS_ENV, ({ context }) => new EnvironmentRegisters(context)],
  [ContextDup.START, ({ context }) => new StartHandle(context)],
  [ContextDup.OPEN_VIA_DUP, (handle) => handle],
  [ContextDup.STATUS, ({ context }) => new StatusHandle(context, false)],
  [ContextDup.ENGINE, ({ context, engines }) => new EngineHandle(context, engines)],
]);

/** A context, opened by dup: the door to everything about it. */
export class ContextHandle implements ProcHandle {
  constructor(
    readonly context: Context,
    readonly files: ProcFiles,
    readonly engines: EngineStarter,
  ) {}

  dup(caller: Caller, name: string): Opened {
    const privileged = /^auth-(\d+)-(attrs|status)$/.exec(name);
    if (privileged) return this.#privileged(caller, Number(privileged[1]), privileged[2] === 'attrs');
    const make = SUB_HANDLES.get(name);
    if (!make) return -Errno.EINVAL;
    const handle = make(this);
    return handle ? this.files.open(handle) : -Errno.EOWNERDEAD;
  }

  /** Death for the caller itself; others are killed through a status handle. */
  write({ kernel, context }: Caller, from: UserBuffer): Outcome {
    const [verb] = decodeWords(from.read(8));
    if (verb !== ContextVerb.FORCE_KILL) return -Errno.EINVAL;
    if (context !== this.context) return -Errno.EPERM;
    kernel.kill(context);
    return 0;
  }

  call({ context }: Caller, _payload: UserBuffer, [verb]: readonly number[]): Outcome {
    if (verb !== PROC_IOPL_VERB) return -Errno.EINVAL;
    context.portAccess = true;
    return 0;
  }

  // Who knows the number of an authority descriptor of its own may change attributes and stop the context.
  #privileged({ context: caller }: Caller, authorityFd: number, attributes: boolean): Opened {
    const authority = caller.files?.get(authorityFd);
    const handle = authority && this.files.handleOf(authority);
    if (!handle?.isAuthority) return -Errno.ENOENT;
    return this.files.open(
      attributes ? new AttributesHandle(this.context) : new StatusHandle(this.context, true),
    );
  }
}
