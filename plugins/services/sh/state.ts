import type { Command } from './ast.js';
import type { Variables } from './arithmetic.js';

export class ShellError extends Error {
  constructor(
    message: string,
    readonly status = 1,
  ) {
    super(message);
  }
}

export interface Variable {
  value: string | undefined;
  exported: boolean;
  readonly: boolean;
}

export interface StateData {
  readonly variables: readonly (readonly [string, Variable])[];
  readonly positional: readonly string[];
  readonly functions: readonly (readonly [string, Command])[];
  readonly options: readonly string[];
  readonly lastStatus: number;
  readonly scriptName: string;
  readonly pid: number;
}

/** Variables, parameters and functions of one shell: plain data, to be copied for a subshell. */
export class ShellState implements Variables {
  readonly variables = new Map<string, Variable>();
  positional: string[] = [];
  readonly functions = new Map<string, Command>();
  readonly aliases = new Map<string, string>();
  readonly options = new Set<string>();
  lastStatus = 0;
  lastBackground: number | undefined;
  scriptName = 'sh';
  pid = 0;

  get(name: string): string | undefined {
    return this.variables.get(name)?.value;
  }

  set(name: string, value: string): void {
    const known = this.variables.get(name);
    if (known?.readonly) throw new ShellError(`${name}: is read only`);
    const exported = (known?.exported ?? false) || this.options.has('a');
    this.variables.set(name, { value, exported, readonly: false });
  }

  export(name: string, value?: string): void {
    if (value !== undefined) this.set(name, value);
    const known = this.variables.get(name) ?? { value: undefined, exported: false, readonly: false };
    this.variables.set(name, { ...known, exported: true });
  }

  protect(name: string, value?: string): void {
    if (value !== undefined) this.set(name, value);
    const known = this.variables.get(name) ?? { value: undefined, exported: false, readonly: false };
    this.variables.set(name, { ...known, readonly: true });
  }

  unset(name: string): void {
    if (this.variables.get(name)?.readonly) throw new ShellError(`${name}: is read only`);
    this.variables.delete(name);
  }

  environment(): Record<string, string> {
    const pairs = [...this.variables].filter(([, { exported, value }]) => exported && value !== undefined);
    return Object.fromEntries(pairs.map(([name, { value }]) => [name, value ?? '']));
  }

  save(): StateData {
    return {
      variables: [...this.variables].map(([name, variable]) => [name, { ...variable }]),
      positional: [...this.positional],
      functions: [...this.functions],
      options: [...this.options],
      lastStatus: this.lastStatus,
      scriptName: this.scriptName,
      pid: this.pid,
    };
  }

  restore(data: StateData): void {
    this.variables.clear();
    for (const [name, variable] of data.variables) this.variables.set(name, { ...variable });
    this.positional = [...data.positional];
    this.functions.clear();
    for (const [name, body] of data.functions) this.functions.set(name, body);
    this.options.clear();
    for (const option of data.options) this.options.add(option);
    this.lastStatus = data.lastStatus;
    this.scriptName = data.scriptName;
    this.pid = data.pid;
  }
}
