import { Errno } from '../../../../core/abi/errno.js';
import type { Kernel } from '../../kernel.js';
import type { AddressSpace } from '../../memory/address-space.js';
import { PAGE_BYTES } from '../../memory/frames.js';
import { fail } from '../vfs/failure.js';
import { writeSpace } from './executable.js';
import type { LoadedElf } from './executable.js';
import type { Identity } from './process.js';

/** System V ABI for x86-64, 3.4.3; numbers of linux/auxvec.h. */
const At = {
  NULL: 0, PHDR: 3, PHENT: 4, PHNUM: 5, PAGESZ: 6, BASE: 7, FLAGS: 8, ENTRY: 9, UID: 11, EUID: 12, GID: 13, EGID: 14, PLATFORM: 15,
  HWCAP: 16, CLKTCK: 17, SECURE: 23, RANDOM: 25, HWCAP2: 26, EXECFN: 31, MINSIGSTKSZ: 51,
} as const; // prettier-ignore

export const STACK_TOP = 0x7fff_ffff_f000;
const STACK_BYTES = 8 << 20;
const PROGRAM_HEADER_BYTES = 56;
const CLOCK_TICKS = 100;
const MINIMUM_SIGNAL_STACK = 2048;
/** Linux: arguments and environment take a quarter of the stack at most. */
const MAX_STRINGS_BYTES = STACK_BYTES / 4;

export interface StackContents {
  readonly argv: readonly string[];
  readonly environment: readonly string[];
  readonly path: string;
  readonly identity: Identity;
  readonly program: LoadedElf;
  readonly interpreter: LoadedElf | undefined;
  /** CPUID leaf 1 edx. */
  readonly hardwareCapabilities: number;
  /** 16 bytes. */
  readonly random: Uint8Array;
}

export interface InitialStack {
  readonly rsp: number;
  readonly argumentsStart: number;
  readonly argumentsEnd: number;
  readonly auxiliary: Uint8Array;
}

/** Maps the stack and writes what a program finds on it: argc, argv, envp, auxiliary vector, strings. */
export function buildInitialStack(
  kernel: Kernel,
  space: AddressSpace,
  contents: StackContents,
): InitialStack {
  space.insert({
    start: STACK_TOP - STACK_BYTES,
    end: STACK_TOP,
    read: true,
    write: true,
    execute: false,
    backing: { kind: 'anonymous' },
    label: '[stack]',
  });
  const strings = new StringArea(STACK_TOP - 8);
  const execfn = strings.add(contents.path);
  const environment = contents.environment.map((text) => strings.add(text));
  const argv = contents.argv.map((text) => strings.add(text));
  const platform = strings.add('x86_64');
  const random = strings.addBytes(contents.random);
  const auxiliary = auxiliaryVector(contents, { execfn, platform, random });
  const words = [BigInt(argv.length), ...argv, 0n, ...environment, 0n, ...auxiliary];
  const rsp = Math.floor((strings.start - words.length * 8) / 16) * 16;
  writeSpace(kernel, space, strings.start, strings.bytes());
  writeSpace(kernel, space, rsp, encode(words));
  return {
    rsp,
    argumentsStart: Number(argv.at(-1) ?? BigInt(strings.start)),
    argumentsEnd: STACK_TOP - 8,
    auxiliary: encode(auxiliary),
  };
}

/** Strings that grow down from the top of the stack. */
class StringArea {
  readonly #parts: Uint8Array[] = [];
  start: number;

  constructor(top: number) {
    this.start = top;
  }

  add(text: string): bigint {
    return this.addBytes(Buffer.from(`${text}\0`, 'latin1'));
  }

  addBytes(bytes: Uint8Array): bigint {
    this.start -= bytes.length;
    if (STACK_TOP - this.start > MAX_STRINGS_BYTES) fail(Errno.E2BIG);
    this.#parts.unshift(bytes);
    return BigInt(this.start);
  }

  bytes(): Uint8Array {
    return Buffer.concat(this.#parts);
  }
}

function auxiliaryVector(
  { identity, program, interpreter, hardwareCapabilities }: StackContents,
  { execfn, platform, random }: { execfn: bigint; platform: bigint; random: bigint },
): bigint[] {
  const entries: [number, number | bigint][] = [
    [At.HWCAP, hardwareCapabilities >>> 0],
    [At.PAGESZ, PAGE_BYTES],
    [At.CLKTCK, CLOCK_TICKS],
    [At.PHDR, program.programHeaders],
    [At.PHENT, PROGRAM_HEADER_BYTES],
    [At.PHNUM, program.elf.segments.length],
    [At.BASE, interpreter?.base ?? 0],
    [At.FLAGS, 0],
    [At.ENTRY, program.entry],
    [At.UID, identity.uid],
    [At.EUID, identity.euid],
    [At.GID, identity.gid],
    [At.EGID, identity.egid],
    [At.SECURE, 0],
    [At.RANDOM, random],
    [At.HWCAP2, 0],
    [At.EXECFN, execfn],
    [At.PLATFORM, platform],
    [At.MINSIGSTKSZ, MINIMUM_SIGNAL_STACK],
    [At.NULL, 0],
  ];
  return entries.flatMap(([type, value]) => [BigInt(type), BigInt(value)]);
}

function encode(words: readonly bigint[]): Uint8Array {
  const bytes = new Uint8Array(words.length * 8);
  const view = new DataView(bytes.buffer);
  words.forEach((word, index) => view.setBigUint64(index * 8, word, true));
  return bytes;
}
