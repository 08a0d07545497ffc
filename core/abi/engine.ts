/**
 * Our extension of kernel.proc: what runs a context. dup(context, "engine") gives a handle; ONE write (or several, ended by the
 * write to `start`) of an engine header followed by the program gives the context, which must be NotYetStarted, its engine.
 *
 * The bytes are: JSON, one newline, then the program's source when the header names none. Errors of the write: EINVAL a header
 * that is no such JSON, ENOENT a program id nobody has registered, EBUSY a context that has been started, ENOMEM. A read answers the
 * header of the engine that the context has, ENOENT without one.
 *
 * A started isolate finds one global, `halfcellBoot` (see `BootGlobal`), which the runtime takes away before `main` runs. The context
 * ends by ForceKill, or when the script returns (a clean exit) or throws (an unhandled exception, kind 0x100).
 */
export interface EngineHeader {
  readonly kind: 'isolate';
  /** A program the machine was built with: the name of a folder's manifest. Absent: the source follows the header. */
  readonly program?: string;
  /** For stack traces. */
  readonly name: string;
  readonly memoryLimitMiB: number;
  readonly start: StartRecord;
}

/** What a program knows when it starts; the part of a Redox auxiliary vector that isolates need. */
export interface StartRecord {
  readonly argv: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  readonly cwd: string;
  readonly umask: number;
  /** Descriptors that are open in the new process, besides the following ones; after a swap all of them. */
  readonly fds: readonly number[];
  /** Root capabilities by scheme name, as descriptors. */
  readonly roots: Readonly<Record<string, number>>;
  /** Handles in the upper part of the table: own process, namespace. Absent for the first process. */
  readonly processFd?: number;
  readonly namespaceFd?: number;
  /** State that a predecessor of this service left, when this start is a swap. */
  readonly carried?: unknown;
  /** What a predecessor that died had put aside, when this start is its resurrection. */
  readonly recovered?: KeptService;
}

/** What a service leaves to the next one when it dies: descriptors in the table that the process keeps. */
export interface KeptService {
  /** The scheme's socket: clients' descriptors stay what they are, their requests wait. */
  readonly socket: number;
  /** Memory objects with the service's state, as it likes to write it. */
  readonly vault: readonly number[];
}

export const BOOT_GLOBAL = 'halfcellBoot';

export interface BootGlobal {
  /** isolate-page.ts */
  readonly page: SharedArrayBuffer;
  /** Int32 words: doorbell, then a bitmap by slot. */
  readonly bell: SharedArrayBuffer;
  readonly slot: number;
  readonly boot: StartRecord;
}

/** In the environment of the first process: the console's program runs once, and the machine ends with its status. */
export const CONSOLE_ONCE_ENV = 'CONSOLE_ONCE';

/** Kind of the Exception in the status of a context whose script threw. */
export const SCRIPT_EXCEPTION = 0x100;

/**
 * First line of an executable file for an isolate: `#!isolate [NAME] [schemes=A,B]`. NAME is a program the machine was built with, else
 * the source follows; `schemes` are the only ones it may open.
 */
export const ISOLATE_INTERPRETER = 'isolate';

/** The capability of the scheme manager, by this name in `roots` of the first process. */
export const SCHEME_CREATION_ROOT = 'scheme-creation-cap';
/** A memory object with a tar archive of the first root file system, by this name in `roots` of the first process. */
export const BOOT_IMAGE_ROOT = 'boot-image';

export function encodeEngine(header: EngineHeader, source = ''): string {
  return `${JSON.stringify(header)}\n${source}`;
}

/** Undefined when the text does not start with a header. */
export function decodeEngine(text: string): { header: EngineHeader; source: string } | undefined {
  const end = text.indexOf('\n');
  try {
    const header = JSON.parse(text.slice(0, end < 0 ? text.length : end)) as EngineHeader;
    const valid = header.kind === 'isolate' && typeof header.memoryLimitMiB === 'number' && header.start;
    return valid ? { header, source: end < 0 ? '' : text.slice(end + 1) } : undefined;
  } catch {
    return undefined;
  }
}
