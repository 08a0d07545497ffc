import type { Values, Vector } from '../../isa/vectors.js';
import { Flag } from '../rflags.js';
import type { X86Cpu } from '../cpu.js';
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
};

/** Runs vectors one after the other on one processor. */
export class VectorRunner {
  #fault: number | undefined;
  readonly #bench = createCpuBench({
    bus: { exception: (vector) => ((this.#fault = vector), (this.#bench.cpu.requestExit(), true)) },
  });

  /** What `after` names, as it is: equal to `after` when the processor is right. */
  run({ bytes, before, after }: Vector): Values {
    const { cpu, load, registers } = this.#bench;
    this.#fault = undefined;
    for (let i = 0; i < 16; i++) {
      registers.set(i, i === 4 ? 0x8_0000n : 0n);
      registers.xmm(i).fill(0);
    }
    registers.rflags = 2n;
    registers.rip = BigInt(CODE);
    load(bytes);
    for (const [name, value] of Object.entries(before)) set(cpu, name, value);
    cpu.run(1);
    return Object.fromEntries(
      Object.entries(after).map(([name, value]) => [name, this.#get(name, value.length)]),
    );
  }

  #get(name: string, digits: number): string {
    const { cpu, registers } = this.#bench;
    if (name === 'fault') return this.#fault === undefined ? 'none' : this.#fault.toString(16);
    const flag = FLAGS[name];
    if (flag !== undefined) return Number(registers.rflags) & flag ? '1' : '0';
    if (name === 'rip') return registers.rip.toString(16);
    const text = name.startsWith('[')
      ? Buffer.from(cpu.memory.read(addressIn(name), digits / 2)).toString('hex')
      : name.startsWith('xmm')
        ? Buffer.from(registers.xmm(Number(name.slice(3))))
            .reverse()
            .toString('hex')
        : registers.get(NAMES.indexOf(name)).toString(16);
    return text.padStart(digits, '0');
  }
}

const addressIn = (name: string) => parseInt(name.slice(1, -1), 16);

function set({ registers, memory }: X86Cpu, name: string, value: string): void {
  const flag = FLAGS[name];
  if (flag !== undefined) {
    if (value === '1') registers.rflags |= BigInt(flag);
  } else if (name.startsWith('[')) {
    memory.write(addressIn(name), bytesOf(value));
  } else if (name.startsWith('xmm')) {
    registers.xmm(Number(name.slice(3))).set(bytesOf(value.padStart(32, '0')).reverse());
  } else {
    registers.set(NAMES.indexOf(name), BigInt(`0x${value}`));
  }
}
