import { Errno } from '../../../../core/abi/errno.js';
import { isElf } from '../../../../core/loader/elf.js';
import type { Context } from '../../contexts/context.js';
import { FrameLayout, initialFpuState, Selector } from '../../image/layout.js';
import type { Kernel } from '../../kernel.js';
import type { AddressSpace } from '../../memory/address-space.js';
import { SIG_IGN, defaultActions } from '../signals/signal-action.js';
import { Sig } from '../signals/signal-numbers.js';
import { fail } from '../vfs/failure.js';
import { interpreterOf, loadElf, readBytes, readElf } from './executable.js';
import type { LoadedElf, ProgramFile } from './executable.js';
import { loadFpuImage } from './fpu-image.js';
import { hardwareCapabilities } from './cpu-flags.js';
import { buildInitialStack } from './initial-stack.js';
import type { InitialStack } from './initial-stack.js';
import type { LinuxProcess } from './process.js';
import type { ProcessTable } from './process-table.js';
import { SS_DISABLE, threadOf } from './thread.js';

const SCRIPT_HEAD_BYTES = 256;
const MAX_SCRIPT_DEPTH = 5;
/** Behind AT_RANDOM. */
const RANDOM_BYTES = 16;
const NAME_BYTES = 15;

export interface Execution {
  readonly path: string;
  readonly argv: readonly string[];
  readonly environment: readonly string[];
}

/** Opens what is to be run, with the checks of execve; throws SysFailure. */
export type OpenProgram = (path: string) => ProgramFile;

/** A program that is loaded into a space of its own and only has to be entered. */
export interface Prepared {
  readonly space: AddressSpace;
  readonly stack: InitialStack;
  readonly program: LoadedElf;
  readonly entry: number;
  readonly execution: Execution;
  /** By the path that execve was given: a link's own name, a script's, not its interpreter's. */
  readonly name: string;
}

/** Everything of execve that may fail: nothing of the caller has changed yet. */
export function prepareExecution(
  kernel: Kernel,
  process: LinuxProcess,
  open: OpenProgram,
  execution: Execution,
): Prepared {
  const { file, argv } = resolveScripts(open, execution);
  try {
    return prepareFile(kernel, process, open, file, { ...execution, argv });
  } finally {
    file.close();
  }
}

function prepareFile(
  kernel: Kernel,
  process: LinuxProcess,
  open: OpenProgram,
  file: ProgramFile,
  execution: Execution,
): Prepared {
  const { argv } = execution;
  const elf = readElf(file);
  const space = kernel.createSpace();
  try {
    space.mmapMin = 0x1_0000;
    const program = loadElf(kernel, space, file, elf, 'program');
    const interpreter = loadInterpreter(kernel, space, open, file, program);
    const stack = buildInitialStack(kernel, space, {
      argv,
      environment: execution.environment,
      path: execution.path,
      identity: process.identity,
      program,
      interpreter,
      hardwareCapabilities: hardwareCapabilities(kernel.cpu),
      random: process.system.randomBytes(RANDOM_BYTES),
    });
    return {
      space,
      stack,
      program,
      entry: (interpreter ?? program).entry,
      execution: { ...execution, path: file.path, argv },
      name: (execution.path.split('/').at(-1) ?? '').slice(0, NAME_BYTES),
    };
  } catch (failure) {
    space.release();
    throw failure;
  }
}

function loadInterpreter(
  kernel: Kernel,
  space: AddressSpace,
  open: OpenProgram,
  file: ProgramFile,
  program: LoadedElf,
): LoadedElf | undefined {
  const path = interpreterOf(file, program.elf);
  if (path === undefined) return undefined;
  const interpreter = open(path);
  try {
    return loadElf(kernel, space, interpreter, readElf(interpreter), 'interpreter');
  } finally {
    interpreter.close();
  }
}

/** `#! INTERPRETER [ARGUMENT]`, at most five deep. */
function resolveScripts(
  open: OpenProgram,
  { path, argv }: Execution,
): { file: ProgramFile; argv: readonly string[] } {
  let current = open(path);
  let args = argv;
  for (let depth = 0; depth < MAX_SCRIPT_DEPTH; depth++) {
    const head = readBytes(current, 0, SCRIPT_HEAD_BYTES);
    if (isElf(head)) return { file: current, argv: args };
    current.close();
    const line = scriptLine(head);
    if (!line) fail(Errno.ENOEXEC);
    args = [
      line.interpreter,
      ...(line.argument === undefined ? [] : [line.argument]),
      current.path,
      ...args.slice(1),
    ];
    current = open(line.interpreter);
  }
  current.close();
  return fail(Errno.ELOOP);
}

function scriptLine(head: Uint8Array): { interpreter: string; argument: string | undefined } | undefined {
  const text = Buffer.from(head).toString('latin1');
  const match = /^#![ \t]*([^ \t\n]+)[ \t]*([^\n]*?)[ \t]*(?:\n|$)/.exec(text);
  const [, interpreter, argument] = match ?? [];
  return interpreter ? { interpreter, argument: argument || undefined } : undefined;
}

/** The point of no return: the thread gets the new image, what exec resets is reset. */
export function enterProgram(
  kernel: Kernel,
  table: ProcessTable,
  context: Context,
  prepared: Prepared,
): void {
  const thread = threadOf(context);
  const { process } = thread;
  killOthers(kernel, process, context);
  table.becomeLeader(context);
  kernel.setSpace(context, prepared.space);
  resetRegisters(kernel, context, prepared);
  resetSignals(process);
  const leader = threadOf(context);
  leader.alternateStack = { base: 0, size: 0, flags: SS_DISABLE };
  leader.clearChildTid = 0;
  leader.robustList = 0;
  for (const timer of process.timers.values()) timer.disarm();
  process.timers.clear();
  describe(kernel, context, process, prepared);
  table.releaseParent(process);
  table.onExecuted(process, context);
}

function killOthers(kernel: Kernel, process: LinuxProcess, context: Context): void {
  for (const other of [...process.threads.values()]) if (other !== context) kernel.kill(other);
}

function resetRegisters(kernel: Kernel, context: Context, { entry, stack }: Prepared): void {
  const guest = kernel.guest(context);
  guest.setFrameBytes(new Uint8Array(FrameLayout.sizeBytes));
  guest.setFrame(FrameLayout.rip, BigInt(entry));
  guest.setFrame(FrameLayout.rsp, BigInt(stack.rsp));
  guest.setFrame(FrameLayout.rflags, 0x202n);
  guest.setFrame(FrameLayout.cs, BigInt(Selector.userCode));
  guest.setFrame(FrameLayout.ss, BigInt(Selector.userData));
  guest.setFrame(FrameLayout.origRax, -1n);
  guest.fsBase = 0n;
  guest.gsBase = 0n;
  loadFpuImage(kernel, context, initialFpuState());
  if (context !== kernel.current) return;
  kernel.cpu.registers.fsBase = 0n;
  kernel.cpu.registers.kernelGsBase = 0n;
}

/** Handlers belong to the old image; what was ignored stays ignored. */
function resetSignals(process: LinuxProcess): void {
  const fresh = defaultActions();
  process.actions.forEach((action, signal) => {
    const kept = action.handler === SIG_IGN ? action : fresh[signal];
    if (kept) process.actions[signal] = kept;
  });
}

function describe(kernel: Kernel, context: Context, process: LinuxProcess, prepared: Prepared): void {
  const { execution, program, stack } = prepared;
  process.image = {
    path: execution.path,
    argv: execution.argv,
    environment: execution.environment,
    brkStart: program.end,
    brk: program.end,
    base: program.base,
    stackTop: stack.rsp,
    argumentsStart: stack.argumentsStart,
    argumentsEnd: stack.argumentsEnd,
    auxiliary: stack.auxiliary,
  };
  process.name = prepared.name;
  process.hasExecuted = true;
  process.exitSignal = Sig.CHLD;
  kernel.rename(context, process.name);
}
