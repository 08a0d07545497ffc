const PAGE_BYTES = 0x1000;

/** Pages by address, with holes: what a debugger sees of a paged machine. */
export class SparseMemory {
  readonly #pages = new Map<bigint, Uint8Array>();

  map(address: bigint, bytes: Uint8Array): void {
    for (let at = 0; at < bytes.length; at++) {
      const { page, offset } = this.#locate(address + BigInt(at), true);
      if (page) page[offset] = bytes[at] ?? 0;
    }
  }

  read(address: bigint, length: number): Uint8Array {
    const bytes = new Uint8Array(length);
    for (let at = 0; at < length; at++) {
      const { page, offset } = this.#locate(BigInt.asUintN(64, address + BigInt(at)), false);
      if (!page) return bytes.subarray(0, at);
      bytes[at] = page[offset] ?? 0;
    }
    return bytes;
  }

  write(address: bigint, bytes: Uint8Array): boolean {
    if (this.read(address, bytes.length).length < bytes.length) return false;
    this.map(address, bytes);
    return true;
  }

  #locate(address: bigint, create: boolean): { page: Uint8Array | undefined; offset: number } {
    const number = address / BigInt(PAGE_BYTES);
    let page = this.#pages.get(number);
    if (!page && create) this.#pages.set(number, (page = new Uint8Array(PAGE_BYTES)));
    return { page, offset: Number(address % BigInt(PAGE_BYTES)) };
  }
}
