import { X86Cpu } from '../cpu.js';
import type { CpuModel } from '../model.js';
import type { TierTwoOptions } from '../tier-two/tier-two.js';
import type { CpuBus, CpuOptions } from '../types.js';

export const CODE = 0x1_0000;
export const STACK = 0x8_0000;
export const DATA = 0x9_0000;
const [PML4, PDPT, PD] = [0x1000, 0x2000, 0x3000];
const PRESENT_WRITABLE_USER = 7n;
const LARGE = 0x80n;

const nothing = (): never => {
  throw new Error('the test expects no access to the bus');
};

/** Answers nothing: an access fails the test. */
export const silentBus: CpuBus = {
  portIn: nothing,
  portOut: nothing,
  mmioRead: nothing,
  mmioWrite: nothing,
  hypercall: () => false,
  acknowledgeInterrupt: nothing,
};

/** A processor in ring 0 with the first GiB mapped one to one, for everybody, and rip at `CODE`. */
export function createCpuBench({
  ramMiB = 2,
  bus = {} as Partial<CpuBus>,
  tierTwo = false as TierTwoOptions | false,
  model = 'max' as CpuModel,
  seed = undefined as CpuOptions['seed'],
} = {}) {
  const cpu = new X86Cpu({ ramBytes: ramMiB * 2 ** 20, bus: { ...silentBus, ...bus }, tierTwo, model, seed });
  identityMap(cpu);
  cpu.registers.rip = BigInt(CODE);
  cpu.registers.set(4, BigInt(STACK));
  const load = (hex: string, at = CODE) => cpu.memory.write(at, bytesOf(hex));
  return { cpu, load, registers: cpu.registers, memory: cpu.memory };
}

function identityMap({ memory, registers }: X86Cpu): void {
  memory.write64(PML4, BigInt(PDPT) | PRESENT_WRITABLE_USER);
  memory.write64(PDPT, BigInt(PD) | PRESENT_WRITABLE_USER);
  for (let i = 0; i < 512; i++)
    memory.write64(PD + i * 8, BigInt(i * 0x20_0000) | PRESENT_WRITABLE_USER | LARGE);
  registers.cr3 = BigInt(PML4);
}

export const bytesOf = (hex: string) => Uint8Array.from(Buffer.from(hex.replaceAll(' ', ''), 'hex'));
