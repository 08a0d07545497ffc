import { SegmentType } from '../../core/loader/elf.js';
import type { Machine } from '../../core/machine/machine.js';
import type { Module, OpenFile, Stop, ThreadId } from '../../gdbstub/index.js';
import { readElf } from '../../plugins/kernel/linux-abi/process/executable.js';
import { openProgramAs } from '../../plugins/kernel/linux-abi/process/open-program.js';
import type { LinuxProcess, ProgramImage } from '../../plugins/kernel/linux-abi/process/process.js';
import { LinuxThread } from '../../plugins/kernel/linux-abi/process/thread.js';
import type { LinuxSystem } from '../../plugins/kernel/linux-abi/system.js';
import { vfsCaller } from '../../plugins/kernel/linux-abi/system.js';
import { orErrno } from '../../plugins/kernel/linux-abi/vfs/failure.js';
import type { KernelThreads } from './kernel-threads.js';
import type { Programs, ProgramView } from './kernel-target.js';
import { LinuxSignals } from './linux-signals.js';

const PAGE_MASK = 4095;
const FIRST_PID = 1;

/**
 * Linux programs as gdb knows them: the program of process 1 is the main one, with its auxiliary vector; a thread of
 * another program shows that as a module. gdb reads all of them from the guest's own files.
 */
export const linuxPrograms = (system: LinuxSystem): Programs => ({
  mainSpace: () => first(system.table.processes.get(FIRST_PID)?.threads.values())?.space,
  view: (machine, threads) => view(system, machine, threads),
});

const first = <T>(values: Iterable<T> | undefined): T | undefined => {
  for (const value of values ?? []) return value;
  return undefined;
};

function view(system: LinuxSystem, machine: Machine, threads: KernelThreads): ProgramView {
  /** What gdb takes as main program. */
  let main = system.table.processes.get(FIRST_PID)?.image;
  const executed = (process: LinuxProcess): Stop => {
    if (process.pid !== FIRST_PID || !process.image) return { kind: 'modules' };
    main = process.image;
    return { kind: 'exec', path: main.path };
  };
  const signals = new LinuxSignals({ machine, system, threads, executed });
  return {
    osAbi: 'GNU/Linux',
    execFile: () => (main = system.table.processes.get(FIRST_PID)?.image ?? main)?.path,
    auxv: () => main?.auxiliary,
    siginfo: (thread) => signals.siginfo(thread),
    modules: (thread) => otherProgram(system, main, thread),
    files: { open: (path) => openFile(system, path) },
    events: signals,
  };
}

function otherProgram(
  system: LinuxSystem,
  main: ProgramImage | undefined,
  thread: ThreadId,
): readonly Module[] {
  const personality = system.kernel.contexts.get(thread - 1)?.personality;
  const image = personality instanceof LinuxThread ? personality.process.image : undefined;
  if (!image || (image.path === main?.path && image.base === main.base)) return [];
  const module = moduleOf(system, image);
  return module ? [module] : [];
}

function moduleOf(system: LinuxSystem, { path, base }: ProgramImage): Module | undefined {
  const file = program(system, path);
  const elf = file && orErrno(() => readElf(file));
  file?.close();
  if (!elf || typeof elf === 'number') return undefined;
  const first = elf.segments.find(({ type }) => type === SegmentType.LOAD);
  const dynamic = elf.segments.find(({ type }) => type === SegmentType.DYNAMIC);
  if (!first) return undefined;
  return {
    path,
    bias: BigInt(base),
    firstSegment: BigInt((first.virtual & ~PAGE_MASK) + base),
    ...(dynamic ? { dynamic: BigInt(dynamic.virtual + base) } : {}),
  };
}

function program(system: LinuxSystem, path: string) {
  const owner = system.table.processes.get(FIRST_PID);
  if (!owner) return undefined;
  const file = orErrno(() => openProgramAs(system, { ...vfsCaller(owner), uid: 0 }, path));
  return typeof file === 'number' ? undefined : file;
}

function openFile(system: LinuxSystem, path: string): OpenFile | undefined {
  const file = program(system, path);
  if (!file) return undefined;
  return {
    sizeBytes: file.handle.stat().size,
    read: (offset, length) => {
      const bytes = new Uint8Array(length);
      return bytes.subarray(0, file.handle.read(bytes, offset));
    },
    close: () => file.close(),
  };
}
