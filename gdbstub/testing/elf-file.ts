const PT_LOAD = 1;
const PT_DYNAMIC = 2;

export interface Segment {
  readonly type: number;
  readonly address: bigint;
  readonly bytes: Uint8Array;
  readonly memoryBytes: number;
}

/** As much of ELF64 as a test needs to put a program into memory. */
export class ElfFile {
  readonly #file: Buffer;

  constructor(readonly bytes: Uint8Array) {
    this.#file = Buffer.from(bytes);
  }

  get entry(): bigint {
    return this.#file.readBigUInt64LE(24);
  }

  get loads(): readonly Segment[] {
    return this.#segments.filter(({ type }) => type === PT_LOAD);
  }

  get dynamic(): bigint | undefined {
    return this.#segments.find(({ type }) => type === PT_DYNAMIC)?.address;
  }

  get headerCount(): number {
    return this.#file.readUInt16LE(56);
  }

  get #segments(): Segment[] {
    const start = Number(this.#file.readBigUInt64LE(32));
    return Array.from({ length: this.headerCount }, (_, n) => this.#segment(start + n * 56));
  }

  #segment(at: number): Segment {
    const file = this.#file;
    const offset = Number(file.readBigUInt64LE(at + 8));
    return {
      type: file.readUInt32LE(at),
      address: file.readBigUInt64LE(at + 16),
      bytes: file.subarray(offset, offset + Number(file.readBigUInt64LE(at + 32))),
      memoryBytes: Number(file.readBigUInt64LE(at + 40)),
    };
  }
}
