import { encodeWords } from '../../../../core/abi/wire.js';
import { concat, encodeUtf8 } from '../utf8.js';
import type { ElfProgram } from './elf.js';

export interface StackPlan {
  /** Address behind the stack; 16-aligned. */
  readonly top: number;
  readonly argv: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  readonly cwd: string;
  readonly umask: number;
  readonly program: ElfProgram;
  readonly bias: number;
  readonly handles: { readonly process: number; readonly thread: number; readonly namespace: number };
}

/** Keys of the auxiliary vector; those from 32 on are Redox's. */
const Aux = {
  PHDR: 3,
  PHENT: 4,
  PHNUM: 5,
  PAGESZ: 6,
  ENTRY: 9,
  CWD_POINTER: 32,
  CWD_LENGTH: 33,
  UMASK: 40,
  PROCESS_FD: 41,
  THREAD_FD: 42,
  NAMESPACE_FD: 43,
} as const;

/** The top of a new stack: argc, argv, envp, auxiliary vector, then the strings. Its first byte is at `top - bytes.length`. */
export function buildStack(plan: StackPlan): { readonly bytes: Uint8Array } {
  const env = Object.entries(plan.env).map(([name, value]) => `${name}=${value}`);
  const strings = layStrings([...plan.argv, ...env, plan.cwd], plan.top);
  const pointers = strings.pointers;
  const argv = pointers.slice(0, plan.argv.length);
  const envp = pointers.slice(plan.argv.length, -1);
  const cwd = pointers.at(-1) ?? 0;
  const words = [argv.length, ...argv, 0, ...envp, 0, ...auxiliary(plan, cwd)];
  const padding = words.length % 2 === 0 ? [] : [0];
  return { bytes: concat([encodeWords([...words, ...padding]), strings.bytes]) };
}

function auxiliary({ program, bias, handles, cwd, umask }: StackPlan, cwdPointer: number): number[] {
  const pairs: [number, number][] = [
    [Aux.PHDR, program.headers.address + bias],
    [Aux.PHENT, program.headers.entryBytes],
    [Aux.PHNUM, program.headers.count],
    [Aux.PAGESZ, 4096],
    [Aux.ENTRY, program.entry + bias],
    [Aux.CWD_POINTER, cwdPointer],
    [Aux.CWD_LENGTH, encodeUtf8(cwd).length],
    [Aux.UMASK, umask],
    [Aux.PROCESS_FD, handles.process],
    [Aux.THREAD_FD, handles.thread],
    [Aux.NAMESPACE_FD, handles.namespace],
    [0, 0],
  ];
  return pairs.flat();
}

function layStrings(texts: readonly string[], top: number): { bytes: Uint8Array; pointers: number[] } {
  const encoded = texts.map((text) => encodeUtf8(`${text}\0`));
  const length = encoded.reduce((sum, bytes) => sum + bytes.length, 0);
  const padded = Math.ceil(length / 16) * 16;
  let at = top - padded;
  const pointers = encoded.map((bytes) => (at += bytes.length) - bytes.length);
  return { bytes: concat([...encoded, new Uint8Array(padded - length)]), pointers };
}
