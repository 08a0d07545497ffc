// The package's own types cannot be resolved through its `exports` (version 2.3); this is the part that is used.
declare module 'binary-parser' {
  type Added<Record, Name extends string, Value> = Parser<Record & { [key in Name]: Value }>;

  export class Parser<Record = object> {
    endianness(order: 'little' | 'big'): this;
    uint8<Name extends string>(name: Name): Added<Record, Name, number>;
    uint16<Name extends string>(name: Name): Added<Record, Name, number>;
    uint32<Name extends string>(name: Name): Added<Record, Name, number>;
    uint64<Name extends string>(name: Name): Added<Record, Name, bigint>;
    array<Name extends string>(
      name: Name,
      options: { type: 'uint8'; length: number },
    ): Added<Record, Name, number[]>;
    seek(bytes: number): this;
    parse(bytes: Uint8Array): Record;
  }
}
