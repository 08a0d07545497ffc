import { Errno } from '../../../../core/abi/errno.js';
import { Mode, Open } from '../../../../core/abi/flags.js';
import { SchemeId } from '../../../../core/abi/kernel-schemes.js';
import { Stat } from '../../../../core/abi/structs.js';
import type { Context } from '../../contexts/context.js';
import type { Outcome } from '../../contexts/outcome.js';
import { Description } from '../../files/description.js';
import type { Caller, MapRequest, Opened, Provider, UserBuffer } from '../../files/description.js';
import { EventFlag } from '../../files/events.js';
import type { Kernel } from '../../kernel.js';
import { Authority } from './authority.js';
import type { ProcFiles, ProcHandle } from './proc-handle.js';
import type { EngineStarter } from './engine-handle.js';

const MAX_NAME_BYTES = 64;

/** `kernel.proc`: contexts, address spaces and file tables as files. Everything is reached by dup from the authority. */
export class ProcScheme implements Provider, ProcFiles {
  readonly id = SchemeId.PROC;
  readonly name = 'kernel.proc';
  readonly #handles = new Map<number, ProcHandle>();
  #next = 1;

  constructor(
    private readonly kernel: Kernel,
    private readonly engines: EngineStarter,
  ) {}

  /** The right to make contexts. */
  authority(): Description {
    return this.open(new Authority(this, this.engines));
  }

  open(handle: ProcHandle, flags: number = Open.RDWR): Description {
    const number = this.#next++;
    this.#handles.set(number, handle);
    return new Description(this, number, flags, handle.positioned ?? false);
  }

  handleOf(file: Description): ProcHandle | undefined {
    return file.provider === this ? this.#handles.get(file.number) : undefined;
  }

  numberOf(handle: ProcHandle): number {
    return [...this.#handles].find(([, known]) => known === handle)?.[0] ?? 0;
  }

  /** Whoever holds the handle that owns the context learns of its death. */
  died(context: Context): void {
    if (context.owner !== undefined) this.kernel.events.trigger(this, context.owner, EventFlag.READ);
  }

  dup(caller: Caller, file: Description, name: Uint8Array): Opened {
    if (name.length > MAX_NAME_BYTES) return -Errno.EINVAL;
    const handle = this.#handles.get(file.number);
    return handle?.dup?.(caller, Buffer.from(name).toString('utf8')) ?? -Errno.EOPNOTSUPP;
  }

  read(caller: Caller, file: Description, into: UserBuffer, offset: number): Outcome {
    return this.#handles.get(file.number)?.read?.(caller, into, offset) ?? -Errno.EBADF;
  }

  write(caller: Caller, file: Description, from: UserBuffer): Outcome {
    return this.#handles.get(file.number)?.write?.(caller, from) ?? -Errno.EBADF;
  }

  fmap(caller: Caller, file: Description, request: MapRequest): Outcome {
    return this.#handles.get(file.number)?.fmap?.(caller, request) ?? -Errno.EOPNOTSUPP;
  }

  call(caller: Caller, file: Description, payload: UserBuffer, metadata: readonly number[]): Outcome {
    return this.#handles.get(file.number)?.call?.(caller, payload, metadata) ?? -Errno.EOPNOTSUPP;
  }

  sendDescriptors(
    caller: Caller,
    file: Description,
    sent: Description[],
    metadata: readonly number[],
  ): Outcome {
    return this.#handles.get(file.number)?.sendDescriptors?.(caller, sent, metadata) ?? -Errno.EOPNOTSUPP;
  }

  fstat(_caller: Caller, file: Description, into: UserBuffer): Outcome {
    const size = this.#handles.get(file.number)?.size?.() ?? 0;
    into.write(Stat.encode({ mode: Mode.FILE | 0o666, nlink: 1, size }));
    return 0;
  }

  fpath(_caller: Caller, _file: Description, into: UserBuffer): Outcome {
    return into.write(Buffer.from('/scheme/kernel.proc/'));
  }

  close(kernel: Kernel, file: Description): void {
    this.#handles.get(file.number)?.close?.(kernel);
    this.#handles.delete(file.number);
  }
}
