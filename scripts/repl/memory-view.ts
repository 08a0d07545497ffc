import type { Cpu, GuestMemory, Translation } from '../../core/cpu/types.js';
import { HostError } from '../../core/errors/host-error.js';

export type Address = number | bigint;

/** Guest memory by linear address, through the page tables of the moment. `physical` has the rest. */
export interface MemoryView {
  readonly physical: GuestMemory;
  read(address: Address, length?: number): Uint8Array;
  write(address: Address, bytes: ArrayLike<number> | string): void;
  u8(address: Address): number;
  u16(address: Address): number;
  u32(address: Address): number;
  u64(address: Address): bigint;
  /** Text up to the first zero byte. */
  text(address: Address, maxLength?: number): string;
  translate(address: Address): Translation | undefined;
}

const DEFAULT_BYTES = 64;
const MAX_TEXT_BYTES = 256;

export function memoryView({ memory, registers }: Pick<Cpu, 'memory' | 'registers'>): MemoryView {
  const read = (address: Address, length = DEFAULT_BYTES) =>
    memory.readLinear(BigInt(address), length) ?? unmapped(address);
  const view = (address: Address, length: number) => new DataView(read(address, length).buffer);
  return {
    physical: memory,
    read,
    write(address, bytes) {
      const data = typeof bytes === 'string' ? Buffer.from(bytes) : Uint8Array.from(bytes);
      if (!memory.writeLinear(BigInt(address), data)) unmapped(address);
    },
    u8: (address) => view(address, 1).getUint8(0),
    u16: (address) => view(address, 2).getUint16(0, true),
    u32: (address) => view(address, 4).getUint32(0, true),
    u64: (address) => view(address, 8).getBigUint64(0, true),
    text: (address, maxLength = MAX_TEXT_BYTES) => textAt(memory, BigInt(address), maxLength),
    translate: (address) => memory.translate(BigInt(address), registers.cr3),
  };
}

function textAt(memory: GuestMemory, address: bigint, maxLength: number): string {
  const bytes: number[] = [];
  while (bytes.length < maxLength) {
    const byte = memory.readLinear(address + BigInt(bytes.length), 1)?.[0];
    if (!byte) break;
    bytes.push(byte);
  }
  return Buffer.from(bytes).toString();
}

function unmapped(address: Address): never {
  const text = `nothing is mapped at 0x${address.toString(16)}`;
  throw new HostError('CONFIG', text, 'mem.physical reads by physical address');
}
