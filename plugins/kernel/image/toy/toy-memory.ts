const PAGE_BITS = 12n;
const PAGE_BYTES = 4096;

export class ToyPageFault extends Error {
  constructor(
    readonly address: bigint,
    readonly write: boolean,
  ) {
    super(`page fault at ${address.toString(16)}`);
  }
}

/** Linear memory by page; what is not mapped faults. There are no page tables: one address space, no protection. */
export class ToyMemory {
  readonly #pages = new Map<bigint, DataView>();

  map(address: bigint, bytes: number): void {
    const end = address + BigInt(bytes);
    for (let page = address >> PAGE_BITS; page << PAGE_BITS < end; page++) {
      if (!this.#pages.has(page)) this.#pages.set(page, new DataView(new ArrayBuffer(PAGE_BYTES)));
    }
  }

  fill(address: bigint, bytes: Uint8Array): void {
    bytes.forEach((byte, index) => this.write(address + BigInt(index), 1, BigInt(byte)));
  }

  /** What a read-modify-write checks before it reads. */
  expectWritable(address: bigint): void {
    this.#find(address, true);
  }

  read(address: bigint, sizeBytes: number): bigint {
    let value = 0n;
    for (let index = sizeBytes - 1; index >= 0; index--) {
      const [page, offset] = this.#find(address + BigInt(index), false);
      value = (value << 8n) | BigInt(page.getUint8(offset));
    }
    return value;
  }

  write(address: bigint, sizeBytes: number, value: bigint): void {
    this.#find(address, true);
    for (let index = 0; index < sizeBytes; index++) {
      const [page, offset] = this.#find(address + BigInt(index), true);
      page.setUint8(offset, Number((value >> BigInt(index * 8)) & 0xffn));
    }
  }

  #find(address: bigint, write: boolean): [DataView, number] {
    const page = this.#pages.get(BigInt.asUintN(64, address) >> PAGE_BITS);
    if (!page) throw new ToyPageFault(BigInt.asUintN(64, address), write);
    return [page, Number(address & BigInt(PAGE_BYTES - 1))];
  }
}
