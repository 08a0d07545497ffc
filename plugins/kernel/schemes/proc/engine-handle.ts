import { Errno } from '../../../../core/abi/errno.js';
import { decodeEngine } from '../../../../core/abi/engine.js';
import type { EngineHeader } from '../../../../core/abi/engine.js';
import type { Context } from '../../contexts/context.js';
import type { Outcome } from '../../contexts/outcome.js';
import type { Caller, UserBuffer } from '../../files/description.js';
import type { Kernel } from '../../kernel.js';
import type { ProcHandle } from './proc-handle.js';

/** Gives contexts an engine other than the processor. */
export interface EngineStarter {
  /** 0, or the errno of what is wrong: ENOENT for an unknown program, ENOMEM, EOPNOTSUPP where there are no isolates. */
  prepare(kernel: Kernel, context: Context, header: EngineHeader, source: string): number;
  /** Of the program that the context runs. */
  headerOf?(context: Context): EngineHeader | undefined;
}

const MAX_BYTES = 16 << 20;

/**
 * Collects an engine header and the program behind it; the write that completes them gives the context its engine. Reads as
 * the header of an engine that has been given.
 */
export class EngineHandle implements ProcHandle {
  #bytes: Uint8Array[] = [];
  #length = 0;

  constructor(
    private readonly context: Context,
    private readonly starter: EngineStarter,
  ) {}

  read(_caller: Caller, into: UserBuffer): Outcome {
    const header = this.starter.headerOf?.(this.context);
    return header ? into.write(Buffer.from(JSON.stringify(header))) : -Errno.ENOENT;
  }

  write({ kernel }: Caller, from: UserBuffer): Outcome {
    if (this.context.state !== 'notYetStarted') return -Errno.EBUSY;
    const bytes = from.read();
    this.#length += bytes.length;
    if (this.#length > MAX_BYTES) return -Errno.ENOMEM;
    this.#bytes.push(bytes);
    const decoded = decodeEngine(Buffer.concat(this.#bytes).toString('utf8'));
    if (!decoded) return bytes.includes(10) ? -Errno.EINVAL : bytes.length;
    const errno = this.starter.prepare(kernel, this.context, decoded.header, decoded.source);
    return errno === 0 ? bytes.length : -errno;
  }
}
