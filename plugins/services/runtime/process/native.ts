import { Errno } from '../../../../core/abi/errno.js';
import { MapFlag, NO_FD, Open, PAGE_BYTES, Protection } from '../../../../core/abi/flags.js';
import { AddrspaceOp, ContextDup } from '../../../../core/abi/kernel-schemes.js';
import { MEMORY_OBJECT_PATH } from '../../../../core/abi/scheme-protocol.js';
import { encodeWords } from '../../../../core/abi/wire.js';
import { CHUNK_BYTES } from '../calls.js';
import { PosixError } from '../posix-error.js';
import { parseElf } from './elf.js';
import { buildStack } from './native-stack.js';
import { CHILD_NAMESPACE_FD, CHILD_PROCESS_FD, CHILD_THREAD_FD, withPart } from './spawn.js';
import type { ElfProgram, Segment } from './elf.js';
import type { Executable } from './executable.js';
import type { Embryo, SpawnOptions, SpawnTools } from './spawn.js';

const HEAD_BYTES = 16_384;
const STACK_BYTES = 0x10_0000;
const STACK_TOP = 0x7fff_ffff_0000;
const PIE_BASE = 0x5555_5555_4000;

/**
 * Loads an ELF program into the child's empty address space. An isolate cannot map the child's memory, so segments and stack
 * travel as memory objects that are mapped privately there.
 */
export function loadNative(
  tools: SpawnTools,
  embryo: Embryo,
  { path, argv }: Extract<Executable, { kind: 'native' }>,
  options: SpawnOptions,
): void {
  tools.files.with(path, Open.RDONLY, (file) => {
    const program = parseElf(tools.calls.readAt(file, HEAD_BYTES, 0));
    if (program.interpreter) throw new PosixError(Errno.ELIBACC, 'exec');
    const bias = program.positionIndependent ? PIE_BASE : 0;
    withPart(tools, embryo, ContextDup.ADDRSPACE, (space) => {
      for (const segment of program.segments) mapSegment(tools, space, file, segment, bias);
      const stackPointer = mapStack(tools, space, program, bias, argv, options);
      passThread(tools, embryo);
      withPart(tools, embryo, ContextDup.CURRENT_ADDRSPACE, (current) =>
        tools.calls.write(current, encodeWords([space, stackPointer, program.entry + bias])),
      );
    });
  });
}

function passThread(tools: SpawnTools, embryo: Embryo): void {
  withPart(tools, embryo, ContextDup.FILETABLE, (table) =>
    tools.calls.sendFds(table, [embryo.thread], [CHILD_THREAD_FD], true),
  );
}

function mapSegment(
  { calls, files }: SpawnTools,
  space: number,
  file: number,
  segment: Segment,
  bias: number,
): void {
  const within = segment.address % PAGE_BYTES;
  const object = files.open(`/scheme/memory/${MEMORY_OBJECT_PATH}`, Open.RDWR);
  try {
    for (let at = 0; at < segment.fileBytes;) {
      const part = calls.readAt(file, Math.min(CHUNK_BYTES, segment.fileBytes - at), segment.fileOffset + at);
      if (part.length === 0) throw new PosixError(Errno.ENOEXEC, 'exec');
      writeAll(calls, object, part, within + at);
      at += part.length;
    }
    const size = roundUp(within + segment.memoryBytes);
    files.truncate(object, size);
    map(calls, space, object, segment.address - within + bias, size, protectionOf(segment));
  } finally {
    files.close(object);
  }
}

function writeAll(calls: SpawnTools['calls'], fd: number, bytes: Uint8Array, offset: number): void {
  for (let at = 0; at < bytes.length;) at += calls.writeAt(fd, bytes.subarray(at), offset + at);
}

const roundUp = (bytes: number): number => Math.ceil(bytes / PAGE_BYTES) * PAGE_BYTES;

const protectionOf = ({ readable, writable, executable }: Segment): number =>
  (readable ? Protection.READ : 0) + (writable ? Protection.WRITE : 0) + (executable ? Protection.EXEC : 0);

function map(
  calls: SpawnTools['calls'],
  space: number,
  object: number,
  address: number,
  size: number,
  protection: number,
): void {
  const flags = MapFlag.PRIVATE + MapFlag.FIXED_NOREPLACE + protection;
  calls.write(space, encodeWords([AddrspaceOp.MMAP, object, 0, address, size, flags]));
}

/** Answers the stack pointer. */
function mapStack(
  { calls, files }: SpawnTools,
  space: number,
  program: ElfProgram,
  bias: number,
  argv: readonly string[],
  options: SpawnOptions,
): number {
  const { env, cwd, umask } = options;
  const handles = { process: CHILD_PROCESS_FD, thread: CHILD_THREAD_FD, namespace: CHILD_NAMESPACE_FD };
  const stack = buildStack({ top: STACK_TOP, argv, env, cwd, umask, program, bias, handles });
  const object = files.open(`/scheme/memory/${MEMORY_OBJECT_PATH}`, Open.RDWR);
  try {
    writeAll(calls, object, stack.bytes, STACK_BYTES - stack.bytes.length);
    const protection = Protection.READ + Protection.WRITE;
    map(calls, space, object, STACK_TOP - STACK_BYTES, STACK_BYTES, protection);
  } finally {
    files.close(object);
  }
  return STACK_TOP - stack.bytes.length;
}

export { NO_FD };
