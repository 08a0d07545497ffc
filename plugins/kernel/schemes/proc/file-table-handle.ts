import { Errno } from '../../../../core/abi/errno.js';
import { FiletableDup, FiletableVerb } from '../../../../core/abi/kernel-schemes.js';
import { decodeWords, encodeWords } from '../../../../core/abi/wire.js';
import type { Outcome } from '../../contexts/outcome.js';
import type { Caller, Description, Opened, UserBuffer } from '../../files/description.js';
import { MAX_DESCRIPTORS } from '../../files/file-table.js';
import type { FileTable } from '../../files/file-table.js';
import type { Kernel } from '../../kernel.js';
import type { ProcFiles, ProcHandle } from './proc-handle.js';

/** A file table: listed, copied, and changed from outside, as a parent does for its child. */
export class FileTableHandle implements ProcHandle {
  readonly positioned = true;
  readonly #listing: Uint8Array;

  constructor(
    readonly table: FileTable,
    private readonly files: ProcFiles,
    private readonly form: 'text' | 'binary',
  ) {
    const numbers = table.entries().map(([fd]) => fd);
    this.#listing =
      form === 'text' ? Buffer.from(numbers.map((fd) => `${fd}\n`).join('')) : encodeWords(numbers);
  }

  dup(_caller: Caller, name: string): Opened {
    if (name === FiletableDup.COPY)
      return this.files.open(new FileTableHandle(this.table.copy(), this.files, this.form));
    if (name !== FiletableDup.REFRESH) return -Errno.EINVAL;
    return this.files.open(new FileTableHandle(this.table.retain(), this.files, this.form));
  }

  read(_caller: Caller, into: UserBuffer, offset: number): Outcome {
    const start = Math.max(0, offset);
    return into.write(this.#listing.subarray(start, start + into.length));
  }

  size(): number {
    return this.#listing.length;
  }

  call({ kernel }: Caller, payload: UserBuffer, [verb]: readonly number[]): Outcome {
    if (verb === FiletableVerb.CLOSE) return this.#closeAll(kernel, decodeWords(payload.read()));
    if (verb === FiletableVerb.DUP2) return this.#dup2(kernel, decodeWords(payload.read(16)));
    return verb === FiletableVerb.RESIZE ? MAX_DESCRIPTORS : -Errno.EINVAL;
  }

  /** Installs one description at the slot that the first metadata word names. */
  sendDescriptors(_caller: Caller, sent: Description[], [slot = -1]: readonly number[]): Outcome {
    const [file] = sent;
    if (!file || sent.length !== 1) return -Errno.EINVAL;
    return this.table.install(slot, file) ? 1 : -Errno.EEXIST;
  }

  close(kernel: Kernel): void {
    this.table.release(kernel);
  }

  #closeAll(kernel: Kernel, numbers: readonly number[]): number {
    const files = numbers.map((fd) => this.table.take(fd)).filter((file) => file !== undefined);
    for (const file of files) file.release(kernel);
    return files.length;
  }

  #dup2(kernel: Kernel, [from = -1, to = -1]: readonly number[]): number {
    const file = this.table.get(from);
    if (!file) return -Errno.EBADF;
    if (from === to) return to;
    this.table.take(to)?.release(kernel);
    return this.table.install(to, file.retain()) ? to : -Errno.EMFILE;
  }
}
