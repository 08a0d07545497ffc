import { encodeEngine } from '../../../core/abi/engine.js';
import { ContextDup, FiletableDup } from '../../../core/abi/kernel-schemes.js';
import { Errno } from '../../../core/abi/errno.js';
import { encodeWords } from '../../../core/abi/wire.js';
import { PosixError } from '../runtime/posix-error.js';
import { decodeUtf8, encodeUtf8 } from '../runtime/utf8.js';
import type { EngineHeader, KeptService } from '../../../core/abi/engine.js';
import type { Os } from '../runtime/os.js';
import type { Contexts } from './contexts.js';
import type { Kept, Process } from './process-table.js';

const MOST_DEATHS = 5;
const WITHIN_MS = 10_000;
const HEADER_BYTES = 32_768;
const PIECE_BYTES = 16_384;

/** Starts processes again that want to be kept: the same pid and the same descriptors in a new context. */
export class Revival {
  constructor(
    private readonly os: Os,
    private readonly contexts: Contexts,
  ) {}

  keep(process: Process, service: KeptService): void {
    if (process.uid.effective !== 0) throw new PosixError(Errno.EPERM);
    const header = JSON.parse(this.#headerText(process)) as EngineHeader;
    this.drop(process);
    const tableFd = this.contexts.part(process, encodeUtf8(ContextDup.FILETABLE));
    process.kept = { tableFd, header, service, deaths: [] };
  }

  /** Its next end is its last. */
  drop(process: Process): void {
    if (process.kept) this.os.files.close(process.kept.tableFd);
    delete process.kept;
  }

  /** False, with nothing kept, for a process that is to stay dead. */
  revive(process: Process): boolean {
    const { kept } = process;
    if (!kept) return false;
    const nowMs = this.os.clock.monotonic();
    const deaths = [...kept.deaths.filter((ms) => ms > nowMs - WITHIN_MS), nowMs];
    // It may die before it has started: that is a death as well.
    for (; deaths.length <= MOST_DEATHS; deaths.push(nowMs)) {
      if (!this.#restart(process, kept)) continue;
      process.kept = { ...kept, deaths };
      return true;
    }
    this.drop(process);
    return false;
  }

  #restart(process: Process, { tableFd, header, service }: Kept): boolean {
    const old = { ...process };
    try {
      Object.assign(process, this.contexts.create(), { state: 'running', status: 0, news: undefined });
      this.contexts.describe(process);
      this.#write(process, ContextDup.CURRENT_FILETABLE, encodeWords([tableFd]));
      const start = { ...header.start, fds: this.#numbers(tableFd), recovered: service };
      this.#write(process, ContextDup.ENGINE, encodeUtf8(encodeEngine({ ...header, start })));
      this.#write(process, ContextDup.START, Uint8Array.of(0));
      this.contexts.release(old);
      return true;
    } catch (error) {
      if (!(error instanceof PosixError)) throw error;
      if (process.contextFd !== old.contextFd) this.contexts.release(process);
      Object.assign(process, old);
      return false;
    }
  }

  /** Some handles act when they are closed. */
  #write(process: Process, part: string, bytes: Uint8Array): void {
    const fd = this.contexts.part(process, encodeUtf8(part));
    try {
      this.os.files.write(fd, bytes);
    } finally {
      this.os.files.close(fd);
    }
  }

  #headerText(process: Process): string {
    const fd = this.contexts.part(process, encodeUtf8(ContextDup.ENGINE));
    try {
      return decodeUtf8(this.os.calls.read(fd, HEADER_BYTES));
    } finally {
      this.os.files.close(fd);
    }
  }

  /** What is open in a table: one decimal number a line. */
  #numbers(tableFd: number): number[] {
    const fd = this.os.files.subObject(tableFd, encodeUtf8(FiletableDup.REFRESH));
    let text = '';
    try {
      for (let piece = '-'; piece !== ''; text += piece)
        piece = decodeUtf8(this.os.calls.readAt(fd, PIECE_BYTES, text.length));
    } finally {
      this.os.files.close(fd);
    }
    return text
      .split('\n')
      .filter((line) => line !== '')
      .map(Number);
  }
}
