import type { WatchAccess } from '../target.js';
import type { SparseMemory } from './sparse-memory.js';

const RSP = 4;
const RBP = 5;
const ZF = 0x40n;
const SF = 0x80n;
const OF = 0x800n;

export type Access = {
  readonly kind: Exclude<WatchAccess, 'access'>;
  readonly address: bigint;
  readonly length: number;
};
export type Event = 'none' | 'halt' | 'invalid' | 'syscall';

interface Operand {
  read(): bigint;
  write(value: bigint): void;
  readonly address: bigint;
}

/** Those few instructions that gcc -O0 makes of a simple C program. Enough to debug, nothing else. */
export class TinyCpu {
  readonly registers = new Array<bigint>(16).fill(0n);
  rip = 0n;
  rflags = 2n;
  /** Of the last instruction. */
  accesses: Access[] = [];

  constructor(readonly memory: SparseMemory) {}

  step(): Event {
    this.accesses = [];
    const start = this.rip;
    const event = new Instruction(this).execute();
    if (event === 'invalid') this.rip = start;
    return event;
  }

  load(address: bigint, length: number): bigint {
    this.accesses.push({ kind: 'read', address, length });
    return fromBytes(this.memory.read(address, length));
  }

  store(address: bigint, length: number, value: bigint): void {
    this.accesses.push({ kind: 'write', address, length });
    this.memory.write(address, toBytes(value, length));
  }

  push(value: bigint): void {
    this.registers[RSP] = wrap((this.registers[RSP] ?? 0n) - 8n, 64);
    this.store(this.registers[RSP], 8, value);
  }

  pop(): bigint {
    const value = this.load(this.registers[RSP] ?? 0n, 8);
    this.registers[RSP] = wrap((this.registers[RSP] ?? 0n) + 8n, 64);
    return value;
  }
}

class Instruction {
  #wide = false;
  #regExtension = 0;
  #baseExtension = 0;

  constructor(readonly cpu: TinyCpu) {}

  execute(): Event {
    let opcode = this.#byte();
    if ((opcode & 0xf0) === 0x40) {
      this.#wide = (opcode & 8) !== 0;
      this.#regExtension = opcode & 4 ? 8 : 0;
      this.#baseExtension = opcode & 1 ? 8 : 0;
      opcode = this.#byte();
    }
    return this.#plain(opcode) ?? this.#byRegister(opcode) ?? this.#withModRm(opcode);
  }

  get #bits(): number {
    return this.#wide ? 64 : 32;
  }

  #plain(opcode: number): Event | undefined {
    const { cpu } = this;
    const actions: Record<number, () => Event | void> = {
      0x0f: () => (this.#byte() === 0x05 ? 'syscall' : 'invalid'),
      0x90: () => {},
      0xc3: () => void (cpu.rip = cpu.pop()),
      0xc9: () => {
        cpu.registers[RSP] = cpu.registers[RBP] ?? 0n;
        cpu.registers[RBP] = cpu.pop();
      },
      0xe8: () => {
        const distance = this.#signed(4);
        cpu.push(cpu.rip);
        cpu.rip = wrap(cpu.rip + distance, 64);
      },
      0xe9: () => this.#jump(this.#signed(4), true),
      0xeb: () => this.#jump(this.#signed(1), true),
      0xf4: () => 'halt',
    };
    const action = actions[opcode];
    return action && (action() ?? 'none');
  }

  #byRegister(opcode: number): Event | undefined {
    const { cpu } = this;
    const register = (opcode & 7) + this.#baseExtension;
    const actions: Record<number, () => void> = {
      0x50: () => cpu.push(cpu.registers[register] ?? 0n),
      0x58: () => void (cpu.registers[register] = cpu.pop()),
      0xb8: () => void (cpu.registers[register] = this.#immediate(this.#wide ? 8 : 4)),
    };
    if ((opcode & 0xf0) === 0x70) return this.#jump(this.#signed(1), this.#holds(opcode & 0xf));
    const action = actions[opcode & 0xf8];
    action?.();
    return action && 'none';
  }

  #withModRm(opcode: number): Event {
    const immediateBytes = opcode === 0x83 ? 1 : opcode === 0x81 || opcode === 0xc7 ? 4 : 0;
    const modrm = this.#byte();
    const extension = (modrm >> 3) & 7;
    const target = this.#operand(modrm, immediateBytes);
    const register = this.#registerOperand(extension + this.#regExtension);
    const immediate = immediateBytes ? this.#signed(immediateBytes) : 0n;
    const actions: Record<number, () => void> = {
      0x01: () => target.write(this.#add(target.read(), register.read())),
      0x03: () => register.write(this.#add(register.read(), target.read())),
      0x39: () => void this.#subtract(target.read(), register.read()),
      0x3b: () => void this.#subtract(register.read(), target.read()),
      0x81: () => this.#group1(extension, target, immediate),
      0x83: () => this.#group1(extension, target, immediate),
      0x85: () => void this.#subtract(target.read() & register.read(), 0n),
      0x89: () => target.write(register.read()),
      0x8b: () => register.write(target.read()),
      0x8d: () => register.write(target.address),
      0xc7: () => target.write(immediate),
      0xff: () => this.#group5(extension, target),
    };
    const action = actions[opcode];
    action?.();
    return action ? 'none' : 'invalid';
  }

  #group1(extension: number, target: Operand, immediate: bigint): void {
    if (extension === 0) target.write(this.#add(target.read(), immediate));
    else if (extension === 5) target.write(this.#subtract(target.read(), immediate));
    else this.#subtract(target.read(), immediate);
  }

  #group5(extension: number, target: Operand): void {
    if (extension === 0) return target.write(this.#add(target.read(), 1n));
    this.#wide = true;
    const destination = target.read();
    if (extension === 2) this.cpu.push(this.cpu.rip);
    this.cpu.rip = destination;
  }

  #operand(modrm: number, immediateBytes: number): Operand {
    const mode = modrm >> 6;
    const base = (modrm & 7) + this.#baseExtension;
    if (mode === 3) return this.#registerOperand(base);
    if (mode === 0 && (modrm & 7) === 5) {
      const distance = this.#signed(4);
      return this.#memoryOperand(wrap(this.cpu.rip + BigInt(immediateBytes) + distance, 64));
    }
    const displacement = mode === 0 ? 0n : this.#signed(mode === 1 ? 1 : 4);
    return this.#memoryOperand(wrap((this.cpu.registers[base] ?? 0n) + displacement, 64));
  }

  #registerOperand(number: number): Operand {
    const { registers } = this.cpu;
    return {
      address: 0n,
      read: () => wrap(registers[number] ?? 0n, this.#bits),
      write: (value) => void (registers[number] = wrap(value, this.#bits)),
    };
  }

  #memoryOperand(address: bigint): Operand {
    return {
      address,
      read: () => this.cpu.load(address, this.#bits / 8),
      write: (value) => this.cpu.store(address, this.#bits / 8, value),
    };
  }

  #add(a: bigint, b: bigint): bigint {
    return this.#flagged(a + b, signed(a, this.#bits) + signed(b, this.#bits));
  }

  #subtract(a: bigint, b: bigint): bigint {
    return this.#flagged(a - b, signed(a, this.#bits) - signed(b, this.#bits));
  }

  #flagged(value: bigint, exact: bigint): bigint {
    const result = wrap(value, this.#bits);
    const sign = signed(result, this.#bits);
    const flags = (result === 0n ? ZF : 0n) | (sign < 0n ? SF : 0n) | (sign === exact ? 0n : OF);
    this.cpu.rflags = (this.cpu.rflags & ~(ZF | SF | OF)) | flags;
    return result;
  }

  #holds(condition: number): boolean {
    const has = (flag: bigint) => (this.cpu.rflags & flag) !== 0n;
    const less = has(SF) !== has(OF);
    const tests: Record<number, boolean> = { 0x4: has(ZF), 0xc: less, 0xe: less || has(ZF) };
    return (tests[condition & 0xe] ?? false) !== ((condition & 1) === 1);
  }

  #jump(distance: bigint, taken: boolean): Event {
    if (taken) this.cpu.rip = wrap(this.cpu.rip + distance, 64);
    return 'none';
  }

  #byte(): number {
    return Number(this.#immediate(1));
  }

  #signed(length: number): bigint {
    return signed(this.#immediate(length), length * 8);
  }

  #immediate(length: number): bigint {
    const value = fromBytes(this.cpu.memory.read(this.cpu.rip, length));
    this.cpu.rip = wrap(this.cpu.rip + BigInt(length), 64);
    return value;
  }
}

const wrap = (value: bigint, bits: number): bigint => BigInt.asUintN(bits, value);
const signed = (value: bigint, bits: number): bigint => BigInt.asIntN(bits, value);

function fromBytes(bytes: Uint8Array): bigint {
  return bytes.reduceRight((value, byte) => (value << 8n) | BigInt(byte), 0n);
}

const toBytes = (value: bigint, length: number): Uint8Array =>
  Uint8Array.from({ length }, (_, at) => Number((value >> BigInt(at * 8)) & 0xffn));
