/** The memory of the traced program. Undefined where nothing is mapped, or not yet. */
export interface TraceMemory {
  read(pointer: number, length: number): Uint8Array | undefined;
}

/** A system call on its way: registers as they are, and the result once there is one. */
export interface TracedCall {
  readonly name: string;
  readonly args: readonly bigint[];
  readonly memory: TraceMemory;
  /** Signed; undefined before the end. */
  readonly result: number | undefined;
}

/** How an argument is printed, and when its bytes are there to be seen. */
export interface Kind {
  readonly when: 'enter' | 'exit';
  /** Undefined: the argument does not count for this call (the mode of an open that creates nothing). */
  text(value: bigint, call: TracedCall): string | undefined;
}

type Text = (value: bigint, call: TracedCall) => string | undefined;

export const failedCall = ({ result }: TracedCall): boolean => result !== undefined && result < 0;

/** Seen as the call begins. */
export const entering = (text: Text): Kind => ({ when: 'enter', text });

/** What the call filled in: an address when it failed. */
export const leaving = (text: Text): Kind => ({
  when: 'exit',
  text: (value, call) => (failedCall(call) ? pointerText(value) : text(value, call)),
});

export const pointerText = (value: bigint): string => (value === 0n ? 'NULL' : hexText(value));
export const hexText = (value: bigint | number): string =>
  `0x${BigInt.asUintN(64, BigInt(value)).toString(16)}`;
export const int32 = (value: bigint): number => Number(BigInt.asIntN(32, value));
export const uint32 = (value: bigint): number => Number(BigInt.asUintN(32, value));

const MAX_READ_BYTES = 2 ** 20;

/** The pointed-to bytes, or undefined for NULL and what cannot be read. */
export function bytesAt(value: bigint, length: number, { memory }: TracedCall): Uint8Array | undefined {
  const pointer = Number(value);
  if (value === 0n || !(length >= 0 && length <= MAX_READ_BYTES)) return undefined;
  return memory.read(pointer, length);
}

interface Decoder<R> {
  readonly sizeBytes: number;
  decode(bytes: Uint8Array, at?: number): R;
}

type Print<R> = (record: R, call: TracedCall) => string;

function structText<R>(layout: Decoder<R>, print: Print<R>): Text {
  return (value, call) => {
    const bytes = bytesAt(value, layout.sizeBytes, call);
    return bytes ? print(layout.decode(bytes), call) : pointerText(value);
  };
}

export const inStruct = <R>(layout: Decoder<R>, print: Print<R>): Kind => entering(structText(layout, print));
export const outStruct = <R>(layout: Decoder<R>, print: Print<R>): Kind => leaving(structText(layout, print));

const MAX_ELEMENTS = 32;

/** `[a, b, ...]` of `count` records. */
export function arrayText<R>(
  value: bigint,
  count: number,
  layout: Decoder<R>,
  options: { readonly call: TracedCall; print: (record: R) => string },
): string {
  const shown = Math.min(count, MAX_ELEMENTS);
  const bytes = bytesAt(value, Math.max(0, shown) * layout.sizeBytes, options.call);
  if (!bytes || count < 0) return pointerText(value);
  const parts = Array.from({ length: shown }, (_, at) =>
    options.print(layout.decode(bytes, at * layout.sizeBytes)),
  );
  return `[${[...parts, ...(count > shown ? ['...'] : [])].join(', ')}]`;
}
