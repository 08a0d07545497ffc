import type { Machine } from '../../core/machine/machine.js';
import { Scope } from '../../core/lifecycle/scope.js';
import type { Files, MemoryRegion, Module, OpenFile, Stop, Target, ThreadId } from '../../gdbstub/index.js';
import { IMAGE_VIRTUAL } from '../../plugins/kernel/image/layout.js';
import type { AddressSpace } from '../../plugins/kernel/memory/address-space.js';
import type { KernelService } from '../../plugins/kernel/index.js';
import { KernelMemory } from './kernel-memory.js';
import { KernelRegisters } from './kernel-registers.js';
import { KernelRunControl } from './kernel-run-control.js';
import type { ProgramEvents } from './kernel-run-control.js';
import { KernelThreads } from './kernel-threads.js';
import { monitorCommands } from './monitor.js';
import type { ListSchemes } from './monitor.js';

/** Where gdb finds the kernel's own executable. */
const KERNEL_ELF = '/halfcell/kernel.elf';
const HALF = 1n << 47n;
const ADDRESS_SPACE = 1n << 64n;
/** gdb keeps a region's end in 64 bits, so the last page of the kernel half is left out. */
const REGIONS: readonly MemoryRegion[] = [
  { kind: 'ram', start: 0n, lengthBytes: HALF },
  { kind: 'ram', start: ADDRESS_SPACE - HALF, lengthBytes: HALF - 0x1000n },
];

/** Programs with files and symbols, where the machine runs some: then one of them is gdb's main program, not the kernel. */
export interface ProgramView {
  readonly osAbi: NonNullable<Target['osAbi']>;
  readonly files: Files;
  readonly events: ProgramEvents;
  execFile(): string | undefined;
  auxv(): Uint8Array | undefined;
  siginfo(thread: ThreadId): Uint8Array | undefined;
  /** Programs that the thread has beside the main one. */
  modules(thread: ThreadId): readonly Module[];
}

export interface Programs {
  /** What a thread without a program shows below the kernel's half. */
  mainSpace(): AddressSpace | undefined;
  view(machine: Machine, threads: KernelThreads): ProgramView;
}

/** What a machine knows about its kernel that the kernel does not. */
export interface TargetExtras {
  readonly programs?: Programs;
  readonly listSchemes?: ListSchemes;
}

export interface KernelTarget {
  readonly target: Target;
  /** Tells a debugger that the machine has ended, and how. */
  ended(stop: Stop): void;
  close(): Promise<void>;
}

/** A machine with our kernel, as the debug server sees it. */
export function createKernelTarget(
  machine: Machine,
  service: KernelService,
  { programs: source, listSchemes }: TargetExtras = {},
): KernelTarget {
  const scope = new Scope('gdb');
  const { kernel, image } = service;
  const threads = new KernelThreads(kernel, () => source?.mainSpace());
  const programs = source?.view(machine, threads);
  const run = new KernelRunControl({ machine, kernel, threads, events: programs?.events }, scope);
  const target: Target = {
    registers: new KernelRegisters(kernel, threads),
    memory: new KernelMemory(kernel, threads),
    run,
    threads,
    breakpoints: { set: (address) => machine.cpu.addBreakpoint(address) },
    watchpoints: { set: (address, length, access) => machine.cpu.addWatchpoint(address, length, access) },
    files: { open: (path) => (path === KERNEL_ELF ? bytesFile(image.elf) : programs?.files.open(path)) },
    monitor: { commands: monitorCommands(machine, service, listSchemes) },
    memoryMap: () => REGIONS,
    kill: () => machine.powerOff(137),
    ...(programs ? mainProgram(programs) : { execFile: () => KERNEL_ELF }),
  };
  return { target, ended: (stop) => run.ended(stop), close: () => scope.close() };
}

function mainProgram(programs: ProgramView): Partial<Target> {
  return {
    osAbi: programs.osAbi,
    execFile: () => programs.execFile(),
    auxv: () => programs.auxv(),
    siginfo: (thread) => programs.siginfo(thread),
    modules: { list: (thread) => [KERNEL_MODULE, ...programs.modules(thread)] },
  };
}

const KERNEL_MODULE: Module = { path: KERNEL_ELF, bias: 0n, firstSegment: IMAGE_VIRTUAL };

function bytesFile(bytes: Uint8Array): OpenFile {
  return { sizeBytes: bytes.length, read: (offset, length) => bytes.subarray(offset, offset + length) };
}
