import { SegmentType } from '../../core/loader/elf.js';
import type { Module, Modules, OpenFile, ThreadId } from '../../gdbstub/index.js';
import { readElf } from '../../plugins/kernel/linux-abi/process/executable.js';
import { openProgramAs } from '../../plugins/kernel/linux-abi/process/open-program.js';
import type { ProgramImage } from '../../plugins/kernel/linux-abi/process/process.js';
import { LinuxThread } from '../../plugins/kernel/linux-abi/process/thread.js';
import type { LinuxSystem } from '../../plugins/kernel/linux-abi/system.js';
import { vfsCaller } from '../../plugins/kernel/linux-abi/system.js';
import { orErrno } from '../../plugins/kernel/linux-abi/vfs/failure.js';
import type { ProgramView } from './kernel-target.js';

const PAGE_MASK = 4095;

/** Linux programs as modules of the thread that is looked at: gdb reads their symbols from the guest's own files. */
export function linuxPrograms(system: LinuxSystem): ProgramView {
  const modules: Modules = {
    list: (thread) => {
      const image = imageOf(system, thread);
      const module = image && moduleOf(system, image);
      return module ? [module] : [];
    },
  };
  return { modules, files: { open: (path) => openFile(system, path) } };
}

function imageOf(system: LinuxSystem, thread: ThreadId): ProgramImage | undefined {
  const personality = system.kernel.contexts.get(thread - 1)?.personality;
  return personality instanceof LinuxThread ? personality.process.image : undefined;
}

function moduleOf(system: LinuxSystem, { path, base }: ProgramImage): Module | undefined {
  const file = program(system, path);
  const elf = file && orErrno(() => readElf(file));
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
  const first = system.table.processes.get(1);
  if (!first) return undefined;
  const file = orErrno(() => openProgramAs(system, { ...vfsCaller(first), uid: 0 }, path));
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
  };
}
