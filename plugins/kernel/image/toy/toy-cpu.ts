import { parseInstruction } from '../assembler/branches.js';
import { PAGE_TABLE } from './test-cpu.js';
import { ToyMemory, ToyPageFault } from './toy-memory.js';
import { Flag, execute } from './toy-instructions.js';
import type { Assembled } from '../assembler/assemble.js';
import type { TestCpu } from './test-cpu.js';
import type { Operand } from '../assembler/operand.js';

export interface ToyInstruction {
  readonly mnemonic: string;
  readonly operands: readonly Operand[];
  readonly sizeBytes: number;
}

const Msr = { star: 0xc000_0081, lstar: 0xc000_0082, sfmask: 0xc000_0084 } as const;
const PAGE_FAULT = 14;

export interface ToyCode {
  readonly base: bigint;
  readonly bytes: Uint8Array;
  readonly instructions: ReadonlyMap<bigint, ToyInstruction>;
  readonly symbols: ReadonlyMap<string, bigint>;
}

/** Code that lies at `base`, with its own labels and `others`. */
export function toyCode(assembled: Assembled, base: bigint, others: ReadonlyMap<string, bigint>): ToyCode {
  const labels = [...assembled.labels].map(([name, offset]): [string, bigint] => [
    name,
    base + BigInt(offset),
  ]);
  const instructions = assembled.instructions.map(({ source, offset, encoded }): [bigint, ToyInstruction] => {
    const { mnemonic, operands } = parseInstruction(source.text);
    return [base + BigInt(offset), { mnemonic, operands, sizeBytes: encoded.bytes.length }];
  });
  return {
    base,
    bytes: assembled.bytes,
    instructions: new Map(instructions),
    symbols: new Map([...labels, ...others]),
  };
}

/**
 * Executes assembled text, instruction by instruction, for tests of the image alone. It knows what the image uses:
 * rings, GDT only as far as `ltr` looks, IDT with IST, syscall and sysretq, swapgs, interrupts with the shadow of sti.
 */
export class ToyCpu implements TestCpu {
  readonly memory = new ToyMemory();
  readonly registers = new Array<bigint>(16).fill(0n);
  readonly msrs = new Map<number, bigint>();
  rip = 0n;
  rflags = 2n;
  cs = 8n;
  ss = 0x10n;
  gsBase = 0n;
  kernelGsBase = 0n;
  fsBase = 0n;
  idt = 0n;
  gdt = 0n;
  tss = 0n;
  readonly control = [0n, 0n, 0n, PAGE_TABLE, 0n, 0n, 0n, 0n, 0n];
  halted = false;
  shadow = false;
  /** Vectors that wait. */
  readonly interrupts: number[] = [];
  readonly #code: ToyCode[] = [];

  constructor(readonly hypercall: () => void) {}

  /** Makes code executable. */
  load(code: ToyCode): void {
    this.#code.push(code);
  }

  addressOf(symbol: string): bigint {
    const address = this.#code.map(({ symbols }) => symbols.get(symbol)).find((found) => found !== undefined);
    if (address === undefined) throw new Error(`no symbol ${symbol}`);
    return address;
  }

  instructionAt(address: bigint): ToyInstruction {
    for (const { instructions } of this.#code) {
      const found = instructions.get(address);
      if (found) return found;
    }
    throw new Error(`nothing to execute at ${address.toString(16)}`);
  }

  /** One instruction, or the delivery of an interrupt. */
  step(): void {
    if (this.interrupts.length > 0 && this.rflags & Flag.interrupt && !this.shadow)
      return this.#takeInterrupt();
    this.shadow = false;
    if (this.halted) return;
    const before = { rip: this.rip, registers: [...this.registers] };
    const instruction = this.instructionAt(this.rip);
    this.rip += BigInt(instruction.sizeBytes);
    try {
      execute(this, instruction);
    } catch (error) {
      if (!(error instanceof ToyPageFault)) throw error;
      this.rip = before.rip;
      before.registers.forEach((value, index) => (this.registers[index] = value));
      this.control[2] = error.address;
      this.deliver(PAGE_FAULT, (error.write ? 2n : 0n) | (this.cs & 3n ? 4n : 0n));
    }
  }

  disturb(vector: number): void {
    this.deliver(vector, undefined);
  }

  #takeInterrupt(): void {
    this.halted = false;
    this.deliver(this.interrupts.shift() ?? 0, undefined);
  }

  /** Through the gate of the IDT, with the stack that TSS or IST name. */
  deliver(vector: number, errorCode: bigint | undefined): void {
    const gate = this.idt + BigInt(vector * 16);
    const low = this.memory.read(gate, 8);
    const ist = Number((low >> 32n) & 7n);
    const stack =
      ist > 0
        ? this.memory.read(this.tss + BigInt(28 + ist * 8), 8)
        : this.cs & 3n
          ? this.memory.read(this.tss + 4n, 8)
          : this.rsp;
    const pushed = [
      this.ss,
      this.rsp,
      this.rflags,
      this.cs,
      this.rip,
      ...(errorCode === undefined ? [] : [errorCode]),
    ];
    this.rsp = stack & ~15n;
    for (const value of pushed) this.push(value);
    this.cs = 8n;
    this.ss = 0n;
    this.rflags &= ~(Flag.interrupt | Flag.trap);
    this.rip = (this.memory.read(gate + 8n, 4) << 32n) | ((low >> 32n) & 0xffff_0000n) | (low & 0xffffn);
  }

  get rsp(): bigint {
    return this.registers[4] ?? 0n;
  }

  set rsp(value: bigint) {
    this.registers[4] = BigInt.asUintN(64, value);
  }

  push(value: bigint): void {
    this.memory.write(this.rsp - 8n, 8, value);
    this.rsp -= 8n;
  }

  pop(): bigint {
    const value = this.memory.read(this.rsp, 8);
    this.rsp += 8n;
    return value;
  }

  syscall(): void {
    this.registers[1] = this.rip;
    this.registers[11] = this.rflags;
    this.rflags &= ~(this.msrs.get(Msr.sfmask) ?? 0n);
    this.cs = ((this.msrs.get(Msr.star) ?? 0n) >> 32n) & 0xffffn;
    this.ss = this.cs + 8n;
    this.rip = this.msrs.get(Msr.lstar) ?? 0n;
  }

  sysret(): void {
    this.rip = this.registers[1] ?? 0n;
    this.rflags = this.registers[11] ?? 0n;
    const base = ((this.msrs.get(Msr.star) ?? 0n) >> 48n) & 0xffffn;
    this.cs = (base + 16n) | 3n;
    this.ss = (base + 8n) | 3n;
  }
}
