import type { Registers } from '../../core/cpu/types.js';
import type { TargetRegisters, ThreadId } from '../../gdbstub/index.js';
import type { Context } from '../../plugins/kernel/contexts/context.js';
import { FrameLayout, Selector } from '../../plugins/kernel/image/layout.js';
import type { Kernel } from '../../plugins/kernel/kernel.js';
import type { KernelThreads } from './kernel-threads.js';

interface Access {
  readonly read: (registers: Registers) => bigint;
  readonly write?: (registers: Registers, value: bigint) => void;
}

const GENERAL = [
  'rax',
  'rcx',
  'rdx',
  'rbx',
  'rsp',
  'rbp',
  'rsi',
  'rdi',
  'r8',
  'r9',
  'r10',
  'r11',
  'r12',
  'r13',
  'r14',
  'r15',
];
const SEGMENTS = ['cs', 'ss', 'ds', 'es', 'fs', 'gs'] as const;
const FULL_TAG = 0xffffn;

type Plain =
  'rip' | 'cr0' | 'cr2' | 'cr3' | 'cr4' | 'cr8' | 'efer' | 'fsBase' | 'gsBase' | 'kernelGsBase' | 'rflags';

const plain = (name: Plain): Access => ({
  read: (registers) => registers[name],
  write: (registers, value) => (registers[name] = value),
});

function bytesToNumber(bytes: Uint8Array): bigint {
  return bytes.reduceRight((value, byte) => (value << 8n) | BigInt(byte), 0n);
}

function numberToBytes(value: bigint, into: Uint8Array): void {
  for (let at = 0; at < into.length; at++) into[at] = Number((value >> BigInt(at * 8)) & 0xffn);
}

const vector = (bytes: (registers: Registers) => Uint8Array): Access => ({
  read: (registers) => bytesToNumber(bytes(registers)),
  write: (registers, value) => numberToBytes(value, bytes(registers)),
});

/** What the processor holds now, by gdb's names. */
const live: ReadonlyMap<string, Access> = new Map<string, Access>([
  ...GENERAL.map((name, index): [string, Access] => [
    name,
    { read: (registers) => registers.get(index), write: (registers, value) => registers.set(index, value) },
  ]),
  ...SEGMENTS.map((name): [string, Access] => [
    name,
    { read: (registers) => BigInt(registers.segment(name).selector) },
  ]),
  ...Array.from({ length: 8 }, (_, i): [string, Access] => [
    `st${i}`,
    vector((registers) => registers.fpu.st(i)),
  ]),
  ...Array.from({ length: 16 }, (_, i): [string, Access] => [
    `xmm${i}`,
    vector((registers) => registers.xmm(i)),
  ]),
  ...Array.from({ length: 16 }, (_, i): [string, Access] => [
    `ymm${i}h`,
    vector((registers) => registers.ymm(i).subarray(16)),
  ]),
  ['rip', plain('rip')],
  ['eflags', plain('rflags')],
  ['fs_base', plain('fsBase')],
  ['gs_base', plain('gsBase')],
  ['k_gs_base', plain('kernelGsBase')],
  ['cr0', plain('cr0')],
  ['cr2', plain('cr2')],
  ['cr3', plain('cr3')],
  ['cr4', plain('cr4')],
  ['cr8', plain('cr8')],
  ['efer', plain('efer')],
  ['mxcsr', { read: (r) => BigInt(r.mxcsr), write: (r, value) => (r.mxcsr = Number(value & 0xffffn)) }],
  ['fctrl', { read: (r) => BigInt(r.fpu.fcw), write: (r, value) => (r.fpu.fcw = Number(value & 0xffffn)) }],
  ['fstat', { read: (r) => BigInt(r.fpu.fsw), write: (r, value) => (r.fpu.fsw = Number(value & 0xffffn)) }],
  ['ftag', { read: (r) => tagWord(r.fpu.ftw) }],
]);

/** gdb wants two bits a register: 00 in use, 11 empty. */
function tagWord(abridged: number): bigint {
  let word = FULL_TAG;
  for (let i = 0; i < 8; i++) if (abridged & (1 << i)) word &= ~(3n << BigInt(i * 2));
  return word;
}

type Saved = (kernel: Kernel, context: Context) => bigint;

/** Of a context that is not running only what `context_switch` left is known; the rest is found by unwinding. */
const saved: ReadonlyMap<string, Saved> = new Map<string, Saved>([
  ['rip', (kernel) => kernel.symbol('context_resume')],
  ['rsp', (kernel, context) => kernel.guest(context).rsp],
  ['eflags', () => 2n],
  ['cs', () => BigInt(Selector.kernelCode)],
  ['ss', () => BigInt(Selector.kernelData)],
  ['ds', () => BigInt(Selector.kernelData)],
  ['es', () => BigInt(Selector.kernelData)],
  ['fs', () => 0n],
  ['gs', () => 0n],
  ['fs_base', (kernel, context) => kernel.guest(context).fsBase],
  ['gs_base', (kernel) => kernel.symbol('percpu')],
  ['k_gs_base', (kernel, context) => kernel.guest(context).gsBase],
  ['cr3', (kernel, context) => rootOf(kernel, context)],
]);

/** Physical address of a context's top-level page table. */
export const rootOf = (kernel: Kernel, { space }: Context): bigint =>
  BigInt(space?.table.root ?? kernel.kernelMap.root);

export class KernelRegisters implements TargetRegisters {
  readonly features = ['avx', 'segments', 'system'] as const;

  constructor(
    private readonly kernel: Kernel,
    private readonly threads: KernelThreads,
  ) {}

  read(thread: ThreadId, name: string): bigint | undefined {
    if (name === 'orig_rax') return this.#callNumber(thread);
    if (thread === this.threads.current) return live.get(name)?.read(this.kernel.cpu.registers);
    const context = this.threads.contextOf(thread);
    if (!saved.has(name) && /^cr|^efer/.test(name)) return live.get(name)?.read(this.kernel.cpu.registers);
    return saved.get(name)?.(this.kernel, context);
  }

  write(thread: ThreadId, name: string, value: bigint): boolean {
    // gdb says so that no call is made again when it moves rip; ours are not made again behind its back.
    if (name === 'orig_rax') return true;
    const write = thread === this.threads.current ? live.get(name)?.write : undefined;
    write?.(this.kernel.cpu.registers, value);
    return write !== undefined;
  }

  /** All ones outside of a system call. */
  #callNumber(thread: ThreadId): bigint {
    const context = this.threads.contextOf(thread);
    return context.call ? this.kernel.guest(context).frame(FrameLayout.origRax) : BigInt.asUintN(64, -1n);
  }
}
