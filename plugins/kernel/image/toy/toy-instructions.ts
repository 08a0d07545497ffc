import type { Memory, Operand } from '../assembler/operand.js';
import type { ToyCpu, ToyInstruction } from './toy-cpu.js';

export const Flag = {
  carry: 1n,
  zero: 0x40n,
  sign: 0x80n,
  trap: 0x100n,
  interrupt: 0x200n,
  overflow: 0x800n,
} as const;

type Meaning = (cpu: ToyCpu, operands: readonly [Operand, Operand]) => void;

const GS_BASE = 0xc000_0101;
const KERNEL_GS_BASE = 0xc000_0102;
const FS_BASE = 0xc000_0100;
const SIGN_BIT: Readonly<Record<number, bigint>> = { 1: 0x80n, 4: 0x8000_0000n, 8: 1n << 63n };

export function execute(cpu: ToyCpu, { mnemonic, operands }: ToyInstruction): void {
  const meaning = MEANINGS[mnemonic] ?? conditional(mnemonic);
  if (!meaning) throw new Error(`the toy does not know ${mnemonic}`);
  meaning(cpu, operands as unknown as readonly [Operand, Operand]);
}

function addressOf(cpu: ToyCpu, { base, displacement, symbol, segment }: Memory): bigint {
  const start =
    base === 'rip' ? cpu.addressOf(symbol ?? '') : base === undefined ? 0n : (cpu.registers[base] ?? 0n);
  return BigInt.asUintN(64, start + BigInt(displacement) + (segment === 'gs' ? cpu.gsBase : 0n));
}

const sizeOf = (operand: Operand): number =>
  operand.kind === 'register' || operand.kind === 'memory' ? operand.sizeBytes : 0;

const operationBytes = (operands: readonly Operand[]): number => Math.max(...operands.map(sizeOf)) || 8;

function read(cpu: ToyCpu, operand: Operand, sizeBytes: number): bigint {
  switch (operand.kind) {
    case 'register':
      return BigInt.asUintN(sizeBytes * 8, cpu.registers[operand.number] ?? 0n);
    case 'memory':
      return cpu.memory.read(addressOf(cpu, operand), sizeBytes);
    case 'immediate':
      return BigInt.asUintN(sizeBytes * 8, operand.value);
    case 'label':
      return cpu.addressOf(operand.symbol);
    case 'special':
      return operand.family === 'control' ? (cpu.control[operand.number] ?? 0n) : 0n;
  }
}

function write(cpu: ToyCpu, operand: Operand, sizeBytes: number, value: bigint): void {
  if (operand.kind === 'memory') return cpu.memory.write(addressOf(cpu, operand), sizeBytes, value);
  if (operand.kind === 'special' && operand.family === 'control') cpu.control[operand.number] = value;
  if (operand.kind !== 'register') return;
  const kept =
    sizeBytes < 4 ? (cpu.registers[operand.number] ?? 0n) & ~((1n << BigInt(sizeBytes * 8)) - 1n) : 0n;
  cpu.registers[operand.number] = kept | BigInt.asUintN(sizeBytes * 8, value);
}

interface Outcome {
  readonly result: bigint;
  readonly carry: boolean;
  readonly overflow: boolean;
}

function setFlags(cpu: ToyCpu, sizeBytes: number, { result, carry, overflow }: Outcome): bigint {
  const value = BigInt.asUintN(sizeBytes * 8, result);
  const put = (flag: bigint, on: boolean) => (cpu.rflags = on ? cpu.rflags | flag : cpu.rflags & ~flag);
  put(Flag.zero, value === 0n);
  put(Flag.sign, (value & (SIGN_BIT[sizeBytes] ?? 0n)) !== 0n);
  put(Flag.carry, carry);
  put(Flag.overflow, overflow);
  return value;
}

type Arithmetic = (left: bigint, right: bigint) => { result: bigint; carry: boolean; borrowing: boolean };

const logic = (work: (left: bigint, right: bigint) => bigint): Arithmetic => (left, right) => ({
  result: work(left, right), carry: false, borrowing: false,
}); // prettier-ignore
const subtract: Arithmetic = (left, right) => ({
  result: left - right,
  carry: left < right,
  borrowing: true,
});

const arithmetic =
  (work: Arithmetic, keeps = true): Meaning =>
  (cpu, [target, source]) => {
    const size = operationBytes([target, source]);
    if (keeps && target.kind === 'memory') cpu.memory.expectWritable(addressOf(cpu, target));
    const [left, right] = [read(cpu, target, size), read(cpu, source, size)];
    const { result, carry, borrowing } = work(left, right);
    const sign = SIGN_BIT[size] ?? 0n;
    const overflow = borrowing && ((left ^ right) & (left ^ result) & sign) !== 0n;
    const value = setFlags(cpu, size, { result, carry, overflow });
    if (keeps) write(cpu, target, size, value);
  };

const jump: Meaning = (cpu, [target]) => {
  cpu.rip = read(cpu, target, 8);
};

const has = (cpu: ToyCpu, flag: bigint) => (cpu.rflags & flag) !== 0n;

const CONDITIONS: Readonly<Record<string, (cpu: ToyCpu) => boolean>> = {
  e: (cpu) => has(cpu, Flag.zero),
  ne: (cpu) => !has(cpu, Flag.zero),
  b: (cpu) => has(cpu, Flag.carry),
  ae: (cpu) => !has(cpu, Flag.carry),
  s: (cpu) => has(cpu, Flag.sign),
  ns: (cpu) => !has(cpu, Flag.sign),
};

function conditional(mnemonic: string): Meaning | undefined {
  const condition = mnemonic.startsWith('j') ? CONDITIONS[mnemonic.slice(1)] : undefined;
  if (!condition) return undefined;
  return (cpu, operands) => {
    if (condition(cpu)) jump(cpu, operands);
  };
}

function move(cpu: ToyCpu, [target, source]: readonly [Operand, Operand]): void {
  const size = operationBytes([target, source]);
  write(cpu, target, size, read(cpu, source, size));
}

function readMsr(cpu: ToyCpu): void {
  const number = Number(cpu.registers[1]);
  const value = number === GS_BASE ? cpu.gsBase : (cpu.msrs.get(number) ?? 0n);
  cpu.registers[0] = value & 0xffff_ffffn;
  cpu.registers[2] = value >> 32n;
}

function writeMsr(cpu: ToyCpu): void {
  const [low = 0n, number = 0n, high = 0n] = cpu.registers;
  const value = ((high & 0xffff_ffffn) << 32n) | (low & 0xffff_ffffn);
  cpu.msrs.set(Number(number), value);
  if (Number(number) === GS_BASE) cpu.gsBase = value;
  if (Number(number) === KERNEL_GS_BASE) cpu.kernelGsBase = value;
  if (Number(number) === FS_BASE) cpu.fsBase = value;
}

function returnFromInterrupt(cpu: ToyCpu): void {
  cpu.rip = cpu.pop();
  cpu.cs = cpu.pop();
  cpu.rflags = cpu.pop();
  const rsp = cpu.pop();
  cpu.ss = cpu.pop();
  cpu.rsp = rsp;
}

function loadTask(cpu: ToyCpu, [source]: readonly [Operand, Operand]): void {
  const descriptor = cpu.gdt + read(cpu, source, 2);
  const low = cpu.memory.read(descriptor, 8);
  cpu.tss =
    (cpu.memory.read(descriptor + 8n, 4) << 32n) |
    ((low >> 32n) & 0xff00_0000n) |
    ((low >> 16n) & 0xff_ffffn);
}

const tableBase = (cpu: ToyCpu, operand: Operand) =>
  operand.kind === 'memory' ? cpu.memory.read(addressOf(cpu, operand) + 2n, 8) : 0n;

const MEANINGS: Readonly<Record<string, Meaning>> = {
  mov: move,
  movzx: (cpu, [target, source]) => write(cpu, target, 4, read(cpu, source, sizeOf(source))),
  lea: (cpu, [target, source]) =>
    source.kind === 'memory' && write(cpu, target, sizeOf(target), addressOf(cpu, source)),
  push: (cpu, [source]) => cpu.push(read(cpu, source, 8)),
  pop: (cpu, [target]) => write(cpu, target, 8, cpu.pop()),
  pushfq: (cpu) => cpu.push(cpu.rflags),
  add: arithmetic(logic((left, right) => left + right)),
  sub: arithmetic(subtract),
  cmp: arithmetic(subtract, false),
  and: arithmetic(logic((left, right) => left & right)),
  or: arithmetic(logic((left, right) => left | right)),
  xor: arithmetic(logic((left, right) => left ^ right)),
  test: arithmetic(
    logic((left, right) => left & right),
    false,
  ),
  shr: arithmetic(logic((left, right) => left >> right)),
  inc: (cpu, [target]) => arithmetic(logic((left) => left + 1n))(cpu, [target, target]),
  dec: (cpu, [target]) => arithmetic(logic((left) => left - 1n))(cpu, [target, target]),
  jmp: jump,
  call: (cpu, operands) => {
    const target = read(cpu, operands[0], 8);
    cpu.push(cpu.rip);
    cpu.rip = target;
  },
  ret: (cpu) => {
    cpu.rip = cpu.pop();
  },
  iretq: returnFromInterrupt,
  syscall: (cpu) => cpu.syscall(),
  sysretq: (cpu) => cpu.sysret(),
  swapgs: (cpu) => ([cpu.gsBase, cpu.kernelGsBase] = [cpu.kernelGsBase, cpu.gsBase]),
  vmcall: (cpu) => cpu.hypercall(),
  rdmsr: readMsr,
  wrmsr: writeMsr,
  lgdt: (cpu, [source]) => (cpu.gdt = tableBase(cpu, source)),
  lidt: (cpu, [source]) => (cpu.idt = tableBase(cpu, source)),
  ltr: loadTask,
  xsaveopt64: (cpu, [target]) => target.kind === 'memory' && cpu.memory.read(addressOf(cpu, target), 1),
  xrstor64: (cpu, [source]) => source.kind === 'memory' && cpu.memory.read(addressOf(cpu, source), 1),
  xsetbv: () => undefined,
  cli: (cpu) => (cpu.rflags &= ~Flag.interrupt),
  sti: (cpu) => {
    cpu.shadow = (cpu.rflags & Flag.interrupt) === 0n;
    cpu.rflags |= Flag.interrupt;
  },
  hlt: (cpu) => (cpu.halted = true),
  nop: () => undefined,
};
