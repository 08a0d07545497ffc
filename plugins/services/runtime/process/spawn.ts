import { encodeEngine } from '../../../../core/abi/engine.js';
import { ContextDup } from '../../../../core/abi/kernel-schemes.js';
import { ProcCall, ProcDup, Signal } from '../../../../core/abi/process-manager.js';
import { INTERNAL_FD_BASE } from '../fd-table.js';
import { NamespaceCalls } from '../namespace-calls.js';
import { baseName } from '../paths.js';
import { encodeUtf8 } from '../utf8.js';
import { recognise } from './executable.js';
import { loadNative } from './native.js';
import type { EngineHeader, StartRecord } from '../../../../core/abi/engine.js';
import type { Calls } from '../calls.js';
import type { FdTable } from '../fd-table.js';
import type { Files } from '../files.js';
import type { Namespace } from '../namespace.js';
import type { Executable } from './executable.js';
import type { Processes } from './processes.js';

export interface SpawnOptions {
  readonly argv: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  readonly cwd: string;
  readonly umask: number;
  /** [number in the child, own descriptor]; what is not listed is not passed on. */
  readonly fds: readonly (readonly [child: number, own: number])[];
  /** Handle of the namespace the child shall see. */
  readonly namespaceFd?: number | undefined;
  /** Process group: 0 makes the child the leader of a new one. Absent: that of the parent. */
  readonly group?: number;
  /** User and group id of the child. */
  readonly ids?: { readonly uid: number; readonly gid: number };
  /** 0 or absent: what the program's manifest says. */
  readonly memoryLimitMiB?: number;
}

/** Where the child finds its own handles. */
export const CHILD_PROCESS_FD = INTERNAL_FD_BASE;
export const CHILD_NAMESPACE_FD = INTERNAL_FD_BASE + 1;
export const CHILD_THREAD_FD = INTERNAL_FD_BASE + 2;

export interface SpawnTools {
  readonly calls: Calls;
  readonly fds: FdTable;
  readonly files: Files;
  readonly processes: Processes;
  readonly namespace: Namespace;
}

/** A child under construction: handles of the process and of its first thread. */
export interface Embryo {
  readonly process: number;
  readonly thread: number;
  readonly pid: number;
}

/** Starts the file at `path` as a child process and answers its pid. What fails leaves no child behind. */
export function spawn(tools: SpawnTools, path: string, options: SpawnOptions): number {
  const executable = recognise(tools.files, path, options.argv);
  const schemes = executable.kind === 'native' ? undefined : executable.schemes;
  if (!schemes) return start(tools, executable, baseName(path), options);
  const namespaceFd = new NamespaceCalls(tools).fork(schemes);
  try {
    return start(tools, executable, baseName(path), { ...options, namespaceFd });
  } finally {
    tools.files.close(namespaceFd);
  }
}

export function start(
  tools: SpawnTools,
  executable: Executable,
  name: string,
  options: SpawnOptions,
): number {
  const embryo = conceive(tools);
  try {
    build(tools, embryo, executable, name, options);
    return embryo.pid;
  } catch (error) {
    abandon(tools, embryo.pid);
    throw error;
  } finally {
    tools.files.close(embryo.thread);
    tools.files.close(embryo.process);
  }
}

function conceive({ files, processes }: SpawnTools): Embryo {
  const process = files.subObject(processes.handle, ProcDup.FORK, INTERNAL_FD_BASE);
  const thread = files.subObject(process, ProcDup.FIRST_THREAD, INTERNAL_FD_BASE);
  return { process, thread, pid: processes.meta(process).pid };
}

function abandon({ processes }: SpawnTools, pid: number): void {
  processes.kill(pid, Signal.KILL);
  processes.wait(pid);
}

function build(
  tools: SpawnTools,
  embryo: Embryo,
  executable: Executable,
  name: string,
  options: SpawnOptions,
): void {
  tools.processes.rename(name, embryo.process);
  if (options.group !== undefined) tools.processes.setGroup(embryo.pid, options.group);
  if (options.ids) setIds(tools, embryo, options.ids);
  bringToLife(tools, embryo, executable, name, options);
}

/** Descriptors, engine or memory, and the start: what needs nobody but the kernel. */
export function bringToLife(
  tools: SpawnTools,
  embryo: Embryo,
  executable: Executable,
  name: string,
  options: SpawnOptions,
): void {
  fillTable(tools, embryo, options);
  if (executable.kind === 'native') loadNative(tools, embryo, executable, options);
  else giveEngine(tools, embryo, engineHeader(executable, name, options), sourceOf(executable));
  withPart(tools, embryo, ContextDup.START, (fd) => tools.calls.write(fd, Uint8Array.of(0)));
}

const sourceOf = (executable: Executable): string => (executable.kind === 'source' ? executable.source : '');

function setIds(
  { calls }: SpawnTools,
  { process }: Embryo,
  { uid, gid }: { readonly uid: number; readonly gid: number },
): void {
  const ids = Uint32Array.of(uid, uid, uid, gid, gid, gid);
  calls.call(process, { metadata: [ProcCall.SET_RESUGID], payload: new Uint8Array(ids.buffer) });
}

function fillTable(tools: SpawnTools, embryo: Embryo, { fds, namespaceFd }: SpawnOptions): void {
  withPart(tools, embryo, ContextDup.FILETABLE, (table) => {
    const send = (child: number, own: number) => tools.calls.sendFds(table, [own], [child], true);
    for (const [child, own] of fds) send(child, own);
    send(CHILD_PROCESS_FD, embryo.process);
    if (namespaceFd !== undefined) send(CHILD_NAMESPACE_FD, namespaceFd);
  });
}

function engineHeader(executable: Executable, name: string, options: SpawnOptions): EngineHeader {
  return {
    kind: 'isolate',
    ...(executable.kind === 'program' ? { program: executable.program } : {}),
    name,
    memoryLimitMiB: options.memoryLimitMiB ?? 0,
    start: startRecord(executable.argv, options),
  };
}

function startRecord(argv: readonly string[], options: SpawnOptions): StartRecord {
  return {
    argv,
    env: options.env,
    cwd: options.cwd,
    umask: options.umask,
    fds: options.fds.map(([child]) => child),
    roots: {},
    processFd: CHILD_PROCESS_FD,
    ...(options.namespaceFd === undefined ? {} : { namespaceFd: CHILD_NAMESPACE_FD }),
  };
}

function giveEngine(tools: SpawnTools, embryo: Embryo, header: EngineHeader, source: string): void {
  withPart(tools, embryo, ContextDup.ENGINE, (fd) =>
    tools.files.write(fd, encodeUtf8(encodeEngine(header, source))),
  );
}

/** Runs `use` with a sub-handle of the child's context; some of them act when they are closed. */
export function withPart<T>(
  { files }: SpawnTools,
  { thread }: Embryo,
  part: string,
  use: (fd: number) => T,
): T {
  const fd = files.subObject(thread, part, INTERNAL_FD_BASE);
  try {
    return use(fd);
  } finally {
    files.close(fd);
  }
}
