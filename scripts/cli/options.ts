import type { CpuModel } from '../../core/cpu/index.js';
import type { MachineDescription } from '../machines/description.js';

/** A folder or file of the host, shown to the guest. */
export interface Mount {
  readonly host: string;
  readonly guest: string;
  readonly readOnly: boolean;
}

export interface GdbOptions {
  /** On 127.0.0.1; 0 takes a free one. */
  readonly port: number;
  /** Holds the first instruction until a debugger continues. */
  readonly wait: boolean;
}

export interface ScriptOptions {
  readonly file: string;
  readonly args: readonly string[];
  /** It runs before the first instruction, and lets the machine go itself. */
  readonly held?: boolean;
}

/** What `halfcell boot` and `halfcell script` ask for; every value has been checked. */
export interface BootOptions {
  readonly machine: MachineDescription;
  readonly exec?: string;
  readonly user: string;
  readonly gdb?: GdbOptions;
  readonly repl: boolean;
  readonly script?: ScriptOptions;
  readonly mounts: readonly Mount[];
  /** Swap plugins when their files change. */
  readonly watch: boolean;
  /** Time by retired instructions, randomness from a fixed seed. */
  readonly deterministic: boolean;
  readonly timeoutS?: number;
  /** False: nobody reads this terminal for the guest's console. */
  readonly console: boolean;
  /** Standard input is no terminal and all that the console gets: the machine ends with what reads it. */
  readonly readsInput?: boolean;
  readonly tier?: Tier;
}

/** The highest tier that runs guest code: 2 (when absent) compiles what is hot. */
export type Tier = 1 | 2;

export type AbiName = 'linux' | 'redox';

/** What `halfcell run` asks for; every value has been checked, `program` is an x86-64 ELF file. */
export interface RunOptions {
  readonly program: string;
  readonly args: readonly string[];
  /** Absent: the program's note decides. */
  readonly abi?: AbiName;
  readonly gdb?: GdbOptions;
  readonly mounts: readonly Mount[];
  readonly cwd?: string;
  readonly env: Readonly<Record<string, string>>;
  readonly memoryMiB: number;
  /** Which processor the program sees; the greatest when absent. */
  readonly cpu?: CpuModel;
  readonly strace: boolean;
  /** Time by retired instructions, randomness from a fixed seed. */
  readonly deterministic: boolean;
  readonly tier?: Tier;
}
