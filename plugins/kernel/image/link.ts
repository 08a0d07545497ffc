import { assemble, patchRelative } from './assembler/assemble.js';
import { assemblyConstants } from './constants.js';
import { firstDataAddress, initializedData, placeVariables, zeroedData } from './data.js';
import { imageSource } from './code.js';
import { IMAGE_VIRTUAL } from './layout.js';
import type { Assembled } from './assembler/assemble.js';
import type { Pad } from './code.js';
import type { Placed } from './data.js';

/** Code and data with every address settled. */
export interface Linked {
  readonly assembled: Assembled;
  readonly code: Uint8Array;
  readonly data: Uint8Array;
  readonly initialized: readonly Placed[];
  readonly zeroed: readonly Placed[];
  readonly dataAddress: bigint;
  readonly zeroedAddress: bigint;
  readonly end: bigint;
  readonly symbols: ReadonlyMap<string, bigint>;
  readonly addressOf: (symbol: string) => bigint;
}

export function linkImage(pads: readonly Pad[]): Linked {
  const assembled = assemble(imageSource(pads), assemblyConstants);
  const dataAddress = firstDataAddress(assembled.bytes.length);
  const { placed: initialized, end: zeroedAddress } = placeVariables(initializedData, dataAddress);
  const { placed: zeroed, end } = placeVariables(zeroedData, zeroedAddress);
  const symbols = collectSymbols(assembled, [...initialized, ...zeroed]);
  const addressOf = addressFinder(symbols);
  return {
    assembled,
    code: patchCode(assembled, addressOf),
    data: fillData(initialized, dataAddress, zeroedAddress, addressOf),
    initialized, zeroed, dataAddress, zeroedAddress, end, symbols, addressOf,
  }; // prettier-ignore
}

function collectSymbols(assembled: Assembled, variables: readonly Placed[]): Map<string, bigint> {
  const code = [...assembled.functions.map(({ name }) => name), ...assembled.marks];
  const offsetOf = (name: string) => BigInt(assembled.labels.get(name) ?? 0);
  return new Map([
    ...code.map((name): [string, bigint] => [name, IMAGE_VIRTUAL + offsetOf(name)]),
    ...variables.map(({ name, address }): [string, bigint] => [name, address]),
  ]);
}

function addressFinder(symbols: ReadonlyMap<string, bigint>): (symbol: string) => bigint {
  return (symbol) => {
    const address = symbols.get(symbol);
    if (address === undefined) throw new Error(`the kernel image has no symbol ${symbol}`);
    return address;
  };
}

function patchCode(assembled: Assembled, addressOf: (symbol: string) => bigint): Uint8Array {
  const code = assembled.bytes.slice();
  for (const fixup of assembled.fixups) {
    patchRelative(code, fixup, Number(addressOf(fixup.symbol) - IMAGE_VIRTUAL), 4);
  }
  return code;
}

function fillData(
  variables: readonly Placed[],
  start: bigint,
  end: bigint,
  addressOf: (symbol: string) => bigint,
): Uint8Array {
  const bytes = new Uint8Array(Number(end - start));
  for (const { address, fill } of variables) if (fill) bytes.set(fill(addressOf), Number(address - start));
  return bytes;
}
