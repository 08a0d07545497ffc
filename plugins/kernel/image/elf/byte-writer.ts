/** Little-endian bytes that grow. */
export class ByteWriter {
  readonly #bytes: number[] = [];

  get length(): number {
    return this.#bytes.length;
  }

  u8(...values: number[]): this {
    this.#bytes.push(...values.map((value) => value & 0xff));
    return this;
  }

  u16(value: number): this {
    return this.u8(value, value >> 8);
  }

  u32(value: number): this {
    return this.u8(value, value >> 8, value >> 16, value >>> 24);
  }

  u64(value: bigint): this {
    return this.u32(Number(value & 0xffff_ffffn)).u32(Number((value >> 32n) & 0xffff_ffffn));
  }

  uleb(value: number): this {
    for (let rest = value; ;) {
      const low = rest & 0x7f;
      rest = Math.floor(rest / 128);
      this.u8(rest === 0 ? low : low | 0x80);
      if (rest === 0) return this;
    }
  }

  sleb(value: number): this {
    for (let rest = value; ;) {
      const low = rest & 0x7f;
      rest >>= 7;
      const last = (rest === 0 && !(low & 0x40)) || (rest === -1 && (low & 0x40) !== 0);
      this.u8(last ? low : low | 0x80);
      if (last) return this;
    }
  }

  text(value: string): this {
    return this.append(new TextEncoder().encode(value)).u8(0);
  }

  append(bytes: Iterable<number>): this {
    for (const byte of bytes) this.#bytes.push(byte);
    return this;
  }

  align(step: number, filler = 0): this {
    while (this.length % step !== 0) this.u8(filler);
    return this;
  }

  /** Overwrites four bytes at `at`. */
  patch32(at: number, value: number): void {
    for (let index = 0; index < 4; index++) this.#bytes[at + index] = (value >>> (index * 8)) & 0xff;
  }

  toBytes(): Uint8Array {
    return Uint8Array.from(this.#bytes);
  }
}
