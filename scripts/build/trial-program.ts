import { elfAround } from './smallest-program.js';

/** A number, or machine code that loads the register. */
type Argument = number | readonly number[];

/** `mov r32, immediate` for the registers of a system call, in their order. */
const LOAD = [[0xbf], [0xbe], [0xba], [0x41, 0xba], [0x41, 0xb8], [0x41, 0xb9]] as const;
const SYSCALL = [0x0f, 0x05];
const POP_RDI = 0x5f;
const POP_RSI = 0x5e;
// rbx holds the address of pages that may be written.
const TO_RBX = [0x48, 0x89, 0xc3];
const RDI_RBX = [0x48, 0x8d, 0x3b];
const RDI_BEHIND = [0x48, 0x8d, 0xbb, ...word(0x2000)];
const RSI_RBX = [0x48, 0x8d, 0x33];
const RDX_RBX = [0x48, 0x8d, 0x13];
const R10_RBX = [0x4c, 0x8d, 0x13];
/** `mov [rbx + 0x1000], rax` */
const TOUCH = [0x48, 0x89, 0x83, ...word(0x1000)];

/** A static ELF file that asks the kernel for what the C library of a static program asks for around `main`. */
export function trialProgram(): Uint8Array {
  const code = [
    ...call(12, 0), // brk
    ...TO_RBX,
    ...call(12, RDI_BEHIND),
    ...TOUCH,
    ...call(158, 0x1002, RSI_RBX), // arch_prctl ARCH_SET_FS
    ...call(218, RDI_RBX), // set_tid_address
    ...call(273, RDI_RBX, 24), // set_robust_list
    ...call(334, RDI_RBX, 32, 0, 0x5305_3053), // rseq
    ...call(302, 0, 3, 0, R10_RBX), // prlimit64 RLIMIT_STACK
    ...call(89, text('/proc/self/exe', POP_RDI), RSI_RBX, 0x1000), // readlink
    ...call(318, RDI_RBX, 8, 1), // getrandom GRND_NONBLOCK
    ...call(9, 0, 0x2000, 3, 0x22, -1, 0), // mmap, private and anonymous
    ...call(262, 1, text('', POP_RSI), RDX_RBX, 0x1000), // newfstatat AT_EMPTY_PATH
    ...call(1, 1, RSI_RBX, 0), // write
    ...call(10, RDI_RBX, 0x1000, 1), // mprotect PROT_READ
    ...call(231, 0), // exit_group
  ];
  return elfAround(Uint8Array.from(code));
}

function call(number: number, ...args: readonly Argument[]): number[] {
  const loads = args.flatMap((value, at) =>
    typeof value === 'number' ? [...LOAD[at]!, ...word(value)] : value,
  );
  return [...loads, 0xb8, ...word(number), ...SYSCALL];
}

/** Calls over the text, which leaves its address to be popped. */
function text(content: string, pop: number): number[] {
  const bytes = [...Buffer.from(`${content}\0`)];
  return [0xe8, ...word(bytes.length), ...bytes, pop];
}

function word(value: number): number[] {
  return [0, 8, 16, 24].map((shift) => (value >> shift) & 0xff);
}
