import { Errno } from '../../../../core/abi/errno.js';
import { decodeWords } from '../../../../core/abi/wire.js';
import type { Context } from '../../contexts/context.js';
import type { Outcome } from '../../contexts/outcome.js';
import type { Caller, UserBuffer } from '../../files/description.js';
import type { FileTable } from '../../files/file-table.js';
import { FrameLayout } from '../../image/layout.js';
import type { Kernel } from '../../kernel.js';
import type { AddressSpace } from '../../memory/address-space.js';
import { AddressSpaceHandle } from './address-space-handle.js';
import { FileTableHandle } from './file-table-handle.js';
import type { ProcFiles, ProcHandle } from './proc-handle.js';

interface NewImage {
  readonly space: AddressSpace;
  readonly sp: number;
  readonly ip: number;
  readonly argument: number | undefined;
}

/** exec: the new address space takes effect when this handle is closed. */
export class CurrentAddressSpace implements ProcHandle {
  #next: NewImage | undefined;

  constructor(
    private readonly context: Context,
    private readonly files: ProcFiles,
  ) {}

  write({ context }: Caller, from: UserBuffer): Outcome {
    const words = decodeWords(from.read(32));
    const [fd = -1, sp = 0, ip = 0, argument] = words;
    const file = context.files?.get(fd);
    const handle = file && this.files.handleOf(file);
    if (words.length < 3 || !(handle instanceof AddressSpaceHandle)) return -Errno.EBADF;
    this.#next?.space.release();
    this.#next = { space: handle.space.retain(), sp, ip, argument };
    return words.length * 8;
  }

  close(kernel: Kernel): void {
    const next = this.#next;
    if (!next) return;
    if (this.context.state === 'dead') return next.space.release();
    const guest = kernel.guest(this.context);
    kernel.setSpace(this.context, next.space);
    guest.setFrame(FrameLayout.rip, BigInt(next.ip));
    guest.setFrame(FrameLayout.rsp, BigInt(next.sp));
    if (next.argument !== undefined) guest.setFrame(FrameLayout.rsi, BigInt(next.argument));
  }
}

/** The new file table takes effect when this handle is closed. */
export class CurrentFileTable implements ProcHandle {
  #next: FileTable | undefined;

  constructor(
    private readonly context: Context,
    private readonly files: ProcFiles,
  ) {}

  write({ kernel, context }: Caller, from: UserBuffer): Outcome {
    const file = context.files?.get(decodeWords(from.read(8))[0] ?? -1);
    const handle = file && this.files.handleOf(file);
    if (!(handle instanceof FileTableHandle)) return -Errno.EBADF;
    this.#next?.release(kernel);
    this.#next = handle.table.retain();
    return 8;
  }

  close(kernel: Kernel): void {
    const next = this.#next;
    if (!next) return;
    if (this.context.state === 'dead') return next.release(kernel);
    const before = this.context.files;
    this.context.files = next;
    before?.release(kernel);
  }
}
