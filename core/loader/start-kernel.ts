import type { Cpu, GuestMemory } from '../cpu/types.js';
import { parseKernelElf } from './kernel-elf.js';
import type { KernelSegment } from './kernel-elf.js';
import { multibootEntry, MULTIBOOT_MAGIC, multibootInformation } from './multiboot.js';
import { enterProtectedMode } from './protected-mode.js';
import { pvhEntry, startInformation } from './pvh.js';

const [RAX, RBX] = [0, 3] as const;
/** Where the loader's own tables begin: below the end of conventional memory, above what kernels use for a start. */
const INFORMATION = 0x9_0000;
const INFORMATION_END = 0x9_fc00;

export type BootProtocol = 'multiboot' | 'pvh';

export interface KernelStart {
  readonly protocol: BootProtocol;
  readonly entry: number;
}

export type KernelProblem =
  | 'neither a Multiboot kernel nor one with a PVH entry'
  | 'it does not fit into memory'
  | 'it covers the place of the loader’s tables, 0x90000 to 0x9fc00'
  | 'the command line is too long';

/**
 * Loads a kernel by the Multiboot Specification 0.6.96 or the x86/HVM direct boot ABI (PVH) and points the processor at it, in 32-bit
 * protected mode. A file that offers both is entered by Multiboot, as GRUB and QEMU do.
 */
export function startKernel(
  { memory, registers }: Pick<Cpu, 'memory' | 'registers'>,
  file: Uint8Array,
  commandLine = '',
): KernelStart | KernelProblem {
  const kernel = parseKernelElf(file);
  const multiboot = multibootEntry(file, kernel);
  const pvh = kernel && pvhEntry(kernel);
  if (!multiboot && pvh === undefined) return 'neither a Multiboot kernel nor one with a PVH entry';
  const segments = multiboot?.segments ?? kernel!.segments;
  const problem = load(memory, segments);
  if (problem) return problem;
  const protocol: BootProtocol = multiboot ? 'multiboot' : 'pvh';
  const build = multiboot ? multibootInformation : startInformation;
  const information = build(INFORMATION, memory.ramBytes, commandLine);
  if (INFORMATION + information.length > INFORMATION_END) return 'the command line is too long';
  memory.write(INFORMATION, information);
  const entry = multiboot?.entry ?? pvh!;
  enterProtectedMode(registers, entry);
  if (multiboot) registers.setNumber(RAX, MULTIBOOT_MAGIC);
  registers.setNumber(RBX, INFORMATION);
  return { protocol, entry };
}

function load(memory: GuestMemory, segments: readonly KernelSegment[]): KernelProblem | undefined {
  const end = ({ physical, memoryBytes }: KernelSegment) => physical + memoryBytes;
  if (segments.some((segment) => end(segment) > memory.ramBytes)) return 'it does not fit into memory';
  const covers = (segment: KernelSegment) => segment.physical < INFORMATION_END && end(segment) > INFORMATION;
  if (segments.some(covers)) return 'it covers the place of the loader’s tables, 0x90000 to 0x9fc00';
  for (const { physical, bytes, memoryBytes } of segments) {
    memory.write(physical, bytes);
    memory.fill(physical + bytes.length, 0, memoryBytes - bytes.length);
  }
  return undefined;
}
