const hex = (value: number): string => `0x${value.toString(16)}`;

/** Everything the host can complain about, in one list: a stable code, what is wrong, and what to do about it. */
const hostErrors = {
  PORT_TAKEN: (port: number, owner: string) =>
    `port ${hex(port)} already belongs to ${owner}; unload ${owner} or choose another base`,
  PORT_RANGE: (base: number, length: number) =>
    `ports ${hex(base)}+${length} do not exist; a claim lies within 0x0..0xffff`,
  MEMORY_TAKEN: (physical: number, owner: string) =>
    `physical address ${hex(physical)} already belongs to ${owner}; unload ${owner} or choose another base`,
  MEMORY_RANGE: (base: number, length: number) =>
    `${hex(base)}+${length} is no physical range; use whole numbers below 2^52`,
  IRQ_LINE: (line: number) => `there is no interrupt line ${line}; lines are 0 to 15`,
  CONTROLLER_TAKEN: (owner: string) =>
    `the interrupt lines are already controlled by ${owner}; unload it first`,
  SCOPE_CLOSED: (scope: string, label: string) =>
    `${scope} has been unloaded and cannot add "${label}"; register while it runs`,
  SCOPE_UNDO: (scope: string, failures: string) =>
    `${scope} could not undo everything: ${failures}; all other steps were undone`,
  NEED_MISSING: (plugin: string, need: string) =>
    `${plugin} needs "${need}", which no loaded plugin provides; load its provider first`,
  NEED_CYCLE: (names: string) => `plugins need each other in a circle: ${names}; remove one of these needs`,
  PROVIDED_TWICE: (service: string, owner: string) =>
    `"${service}" is already provided by ${owner}; unload it first`,
  NOT_PROVIDED: (plugin: string, service: string) =>
    `${plugin} promises "${service}" but did not provide it; call provide('${service}', ...) in start`,
  NOT_PROMISED: (plugin: string, service: string) =>
    `${plugin} offers "${service}" without promising it; add it to provides`,
  PLUGIN_LOADED: (plugin: string) => `${plugin} is already loaded; swap it, or load it under another name`,
  PLUGIN_UNKNOWN: (plugin: string) => `no plugin ${plugin} is loaded; list the plugins to see their names`,
  PLUGIN_NEEDED: (plugin: string, dependents: string) =>
    `${plugin} is needed by ${dependents}; unload those first, or cascade`,
  PLUGIN_FILE: (where: string, message: string) => `${where} ${message}`,
  PLUGIN_EXPORT: (file: string, found: string) =>
    `${file} exports ${found}; a plugin file exports exactly one definePlugin(...)`,
  START_FAILED: (plugin: string, why: string) => `${plugin} did not start: ${why}`,
  TAP_FAILED: (plugin: string, hook: string, why: string) => `${plugin} threw in its tap of ${hook}: ${why}`,
  HANDLER_FAILED: (plugin: string, where: string, why: string) => `${plugin} threw at ${where}: ${why}`,
  HOST_FAILED: (where: string, why: string) => `${where} threw: ${why}`,
  TRIPLE_FAULT: (rip: bigint) =>
    `the guest triple-faulted at rip 0x${rip.toString(16)}; look at its IDT and stacks`,
  MACHINE_STATE: (wanted: string, state: string) => `cannot ${wanted}: the machine is ${state}`,
  ISOLATES_MISSING: (engine: string, refusals: string) =>
    `no isolated-vm loads on Node ${engine} (${refusals}); install g++, make and Python, then run npm ci again`,
  ISOLATES_CLOSED: (program: string) => `${program} cannot start: the machine is being switched off`,
  GDB_PORT_TAKEN: (port: number) => `port ${port} of 127.0.0.1 is in use; give --gdb another one`,
  CONFIG: (what: string, remedy: string) => `${what}; ${remedy}`,
} as const;

export type HostErrorCode = keyof typeof hostErrors;
export type HostErrorDetail<Code extends HostErrorCode> = Parameters<(typeof hostErrors)[Code]>;

/** A mistake of the host's side: a plugin, a configuration, a script. Guests never see one; they get faults. */
export class HostError<Code extends HostErrorCode = HostErrorCode> extends Error {
  override readonly name = 'HostError';

  constructor(
    readonly code: Code,
    ...detail: HostErrorDetail<Code>
  ) {
    super(`${code}: ${(hostErrors[code] as (...d: unknown[]) => string)(...detail)}`);
  }

  /** The same error with what led to it, for the stack trace. */
  because(cause: unknown): this {
    this.cause = cause;
    return this;
  }
}

/** One line about anything that was thrown. */
export function reasonOf(failure: unknown): string {
  return failure instanceof Error ? failure.message : String(failure);
}
