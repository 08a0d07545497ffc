import type { Values, Vector } from '../../isa/vectors.js';
import type { X86Cpu } from '../cpu.js';
import type { TierTwoOptions } from '../tier-two/tier-two.js';
import { Flag } from '../rflags.js';
import type { Registers } from '../types.js';
import { bytesOf, CODE, createCpuBench } from './bench.js';

const NAMES = 'rax rcx rdx rbx rsp rbp rsi rdi r8 r9 r10 r11 r12 r13 r14 r15'.split(' ');
const FLAGS: Record<string, number> = {
  cf: Flag.CF,
  pf: Flag.PF,
  af: Flag.AF,
  zf: Flag.ZF,
  sf: Flag.SF,
  of: Flag.OF,
  df: Flag.DF,
  if: Flag.IF,
  ac: Flag.AC,
};
const LONG = [
  'rip',
  'rflags',
  'cr0',
  'cr2',
  'cr3',
  'cr4',
  'cr8',
  'xcr0',
  'efer',
  'fsBase',
  'gsBase',
  'kernelGsBase',
  'star',
  'lstar',
  'fmask',
] as const;
const CR4_OSXSAVE = 0x4_0000n;
const ALL_COMPONENTS = 7n;
const MEMORY_FROM = 0x9_0000;
const MEMORY_BYTES = 0x1_3000;

interface Place {
  get(digits: number): string;
  set(value: string): void;
}

const GDT = 0x7_0000;
const DESCRIPTORS = [
  0n,
  0x00af_9b00_0000_ffffn, // 08 kernel code
  0x00cf_9300_0000_ffffn, // 10 kernel data
  0n,
  0x00cf_f300_0000_ffffn, // 20 user data
  0x00af_fb00_0000_ffffn, // 28 user code
  0x0000_8907_1000_0067n, // 30 task state at 71000
  0n,
  0x0000_8207_2000_0fffn, // 40 local table at 72000
  0n,
  0x00cf_9b00_0000_ffffn, // 50 kernel code of 32 bits
];

const COMPATIBILITY_CODE = { selector: 0x50, base: 0n, limit: 0xffff_ffff, attributes: 0xc09b };

/** Runs vectors one after the other on one processor, in ring 0 and with the first GiB mapped one to one. */
export class VectorRunner {
  #fault: number | undefined;
  readonly #bench: ReturnType<typeof createCpuBench>;

  constructor(tierTwo: TierTwoOptions | false = false) {
    const bus = {
      exception: (vector: number) => ((this.#fault = vector), (this.cpu.requestExit(), true)),
      portIn: (port: number) => port * 0x101,
      portOut: () => undefined,
      hypercall: () => true,
    };
    this.#bench = createCpuBench({ tierTwo, bus });
  }

  get cpu(): X86Cpu {
    return this.#bench.cpu;
  }

  /** What `after` names, as it is: equal to `after` when the processor is right. */
  run(vector: Vector): Values {
    this.prepare(vector);
    this.cpu.run(1);
    return this.outcome(vector);
  }

  /** The state `before`, with the instruction ahead. */
  prepare({ bytes, mode, before }: Vector): void {
    const { cpu, load, memory, registers } = this.#bench;
    this.#fault = undefined;
    memory.fill(MEMORY_FROM, 0, MEMORY_BYTES);
    cpu.reset();
    registers.cr3 = 0x1000n;
    registers.cr4 |= CR4_OSXSAVE;
    registers.xcr0 = ALL_COMPONENTS;
    registers.gdtr = { base: BigInt(GDT), limit: DESCRIPTORS.length * 8 - 1 };
    DESCRIPTORS.forEach((descriptor, i) => memory.write64(GDT + i * 8, descriptor));
    registers.set(4, 0x8_0000n);
    if (mode === 32) registers.setSegment('cs', COMPATIBILITY_CODE);
    registers.rip = BigInt(CODE);
    load(bytes);
    for (const [name, value] of Object.entries(before)) this.#place(name).set(value);
  }

  forgetFault(): void {
    this.#fault = undefined;
  }

  outcome({ after }: Vector): Values {
    return Object.fromEntries(
      Object.entries(after).map(([name, value]) => [name, this.#get(name, value.length)]),
    );
  }

  #get(name: string, digits: number): string {
    if (name !== 'fault') return this.#place(name).get(digits);
    return this.#fault === undefined ? 'none' : this.#fault.toString(16);
  }

  #place(name: string): Place {
    const { cpu, registers } = this.#bench;
    if (name.startsWith('[')) return memoryPlace(cpu, parseInt(name.slice(1, -1), 16));
    if (/^xmm\d/.test(name)) return bytesPlace(registers.xmm(Number(name.slice(3))));
    if (/^ymm\d+h$/.test(name)) return bytesPlace(registers.ymm(parseInt(name.slice(3))).subarray(16));
    if (/^st\d$/.test(name)) return bytesPlace(registers.fpu.st(Number(name.slice(2))));
    if (name in FLAGS) return flagPlace(registers, FLAGS[name]!);
    return numberPlace(registers, name);
  }
}

/** Highest byte first, as one writes a number. */
const bytesPlace = (bytes: Uint8Array): Place => ({
  get: () => Buffer.from(bytes).reverse().toString('hex'),
  set: (value) => bytes.set(bytesOf(value.padStart(bytes.length * 2, '0')).reverse()),
});

const memoryPlace = ({ memory }: X86Cpu, at: number): Place => ({
  get: (digits) => Buffer.from(memory.read(at, digits / 2)).toString('hex'),
  set: (value) => memory.write(at, bytesOf(value)),
});

const flagPlace = (registers: Registers, flag: number): Place => ({
  get: () => (Number(registers.rflags) & flag ? '1' : '0'),
  set: (value) => {
    const others = registers.rflags & ~BigInt(flag);
    registers.rflags = value === '1' ? others | BigInt(flag) : others;
  },
});

function numberPlace(registers: Registers, name: string): Place {
  const general = NAMES.indexOf(name);
  const long = LONG.find((known) => known.toLowerCase() === name.toLowerCase());
  const get = () => {
    if (general >= 0) return registers.get(general);
    return long ? registers[long] : BigInt(small(registers, name));
  };
  const set = (value: string) => {
    if (general >= 0) registers.set(general, BigInt(`0x${value}`));
    else if (long) registers[long] = BigInt(`0x${value}`);
    else setSmall(registers, name, parseInt(value, 16));
  };
  return { get: (digits) => get().toString(16).padStart(digits, '0'), set };
}

/** mxcsr, cpl, fcw fsw ftw, and segment selectors. */
function small(registers: Registers, name: string): number {
  if (name === 'mxcsr' || name === 'cpl') return registers[name];
  if (name === 'fcw' || name === 'fsw' || name === 'ftw') return registers.fpu[name];
  return registers.segment(name as 'es').selector;
}

function setSmall(registers: Registers, name: string, value: number): void {
  if (name === 'mxcsr' || name === 'cpl') registers[name] = value;
  else if (name === 'fcw' || name === 'fsw' || name === 'ftw') registers.fpu[name] = value;
  else registers.setSegment(name as 'es', { ...registers.segment(name as 'es'), selector: value });
}
