import type { Machine } from '../../core/machine/machine.js';
import { Scope } from '../../core/lifecycle/scope.js';
import type { Files, MemoryRegion, Modules, MonitorCommand, OpenFile, Target } from '../../gdbstub/index.js';
import type { KernelService } from '../../plugins/kernel/index.js';
import { KernelMemory } from './kernel-memory.js';
import { KernelRegisters } from './kernel-registers.js';
import { KernelRunControl } from './kernel-run-control.js';
import { KernelThreads } from './kernel-threads.js';
import { monitorCommands } from './monitor.js';

/** Where gdb finds the kernel's own executable. */
const KERNEL_ELF = '/halfcell/kernel.elf';
const HALF = 1n << 47n;
/** gdb keeps a region's end in 64 bits, so the last page of the kernel half is left out. */
const UPPER_HALF = 1n << 64n;

/** What the machine can offer beyond the kernel: programs with files and symbols. */
export interface ProgramView {
  readonly modules: Modules;
  readonly files: Files;
}

export interface KernelTarget {
  readonly target: Target;
  /** Tells a debugger that the machine has ended. */
  ended(status: number): void;
  close(): Promise<void>;
}

/** A machine with our kernel, as the debug server sees it. */
export function createKernelTarget(
  machine: Machine,
  service: KernelService,
  programs?: ProgramView,
): KernelTarget {
  const scope = new Scope('gdb');
  const { kernel, image } = service;
  const threads = new KernelThreads(kernel);
  const run = new KernelRunControl(machine, threads, scope);
  const target: Target = {
    registers: new KernelRegisters(kernel, threads),
    memory: new KernelMemory(kernel, threads),
    run,
    threads,
    breakpoints: { set: (address) => machine.cpu.addBreakpoint(address) },
    watchpoints: { set: (address, length, access) => machine.cpu.addWatchpoint(address, length, access) },
    files: { open: (path) => (path === KERNEL_ELF ? bytesFile(image.elf) : programs?.files.open(path)) },
    monitor: { commands: monitorCommands(machine, service) as readonly MonitorCommand[] },
    memoryMap: () => REGIONS,
    execFile: () => KERNEL_ELF,
    kill: () => machine.powerOff(137),
    ...(programs ? { modules: programs.modules } : {}),
  };
  return { target, ended: (status) => run.ended(status), close: async () => scope.close() };
}

const REGIONS: readonly MemoryRegion[] = [
  { kind: 'ram', start: 0n, lengthBytes: HALF },
  { kind: 'ram', start: UPPER_HALF - HALF, lengthBytes: HALF - 0x1000n },
];

export function bytesFile(bytes: Uint8Array): OpenFile {
  return { sizeBytes: bytes.length, read: (offset, length) => bytes.subarray(offset, offset + length) };
}
