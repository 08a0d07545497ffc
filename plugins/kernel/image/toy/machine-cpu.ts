import { createCpu } from '../../../../core/cpu/index.js';
import { PAGE_TABLE } from './test-cpu.js';
import type { Cpu } from '../../../../core/cpu/index.js';
import type { TestCpu, TestMemory } from './test-cpu.js';
import type { ToyCode } from './toy-cpu.js';

const RAM_BYTES = 0x80_0000;
const FIRST_FREE_PAGE = 0x1_0000;
const PAGE_BYTES = 4096;
const PRESENT_WRITABLE = 3n;
const USER = 4n;
const USER_END = 1n << 47n;
const ADDRESS_BITS = 0x000f_ffff_ffff_f000n;
const LEVEL_SHIFTS = [39n, 30n, 21n];
const NMI = 2;

/** Page tables and pages from a stack of free RAM. */
class MachineMemory implements TestMemory {
  #nextPage = FIRST_FREE_PAGE;

  constructor(private readonly cpu: Cpu) {}

  map(address: bigint, bytes: number): void {
    const end = address + BigInt(bytes);
    for (let page = address & ~0xfffn; page < end; page += BigInt(PAGE_BYTES)) this.#mapPage(page);
  }

  fill(address: bigint, bytes: Uint8Array): void {
    if (!this.cpu.memory.writeLinear(address, bytes, PAGE_TABLE))
      throw new Error(`not mapped: ${address.toString(16)}`);
  }

  read(address: bigint, sizeBytes: number): bigint {
    const bytes = this.cpu.memory.readLinear(address, sizeBytes, PAGE_TABLE);
    if (!bytes) throw new Error(`not mapped: ${address.toString(16)}`);
    return bytes.reduceRight((value, byte) => (value << 8n) | BigInt(byte), 0n);
  }

  write(address: bigint, sizeBytes: number, value: bigint): void {
    this.fill(
      address,
      Uint8Array.from({ length: sizeBytes }, (_, index) => Number((value >> BigInt(index * 8)) & 0xffn)),
    );
  }

  #mapPage(page: bigint): void {
    const flags = PRESENT_WRITABLE | (page < USER_END ? USER : 0n);
    const table = LEVEL_SHIFTS.reduce(
      (from, shift) => this.#entry(from, page >> shift, flags),
      Number(PAGE_TABLE),
    );
    this.#entry(table, page >> 12n, flags);
  }

  /** The page that the entry names, made when there is none. */
  #entry(table: number, index: bigint, flags: bigint): number {
    const at = table + Number(index & 511n) * 8;
    const known = this.cpu.memory.read64(at);
    if (known & 1n) return Number(known & ADDRESS_BITS);
    const page = this.#nextPage;
    this.#nextPage += PAGE_BYTES;
    this.cpu.memory.write64(at, BigInt(page) | flags);
    return page;
  }
}

/** The machine's own processor behind the interface of the tests. */
export class MachineCpu implements TestCpu {
  readonly memory: TestMemory;
  readonly registers: bigint[];
  readonly interrupts: number[] = [];
  readonly #cpu: Cpu;
  readonly #codes: ToyCode[] = [];
  halted = false;

  constructor(hypercall: () => void) {
    this.#cpu = createCpu({ ramBytes: RAM_BYTES, bus: this.#bus(hypercall) });
    this.#cpu.registers.cr3 = PAGE_TABLE;
    this.memory = new MachineMemory(this.#cpu);
    this.registers = this.#generalRegisters();
  }

  #bus(hypercall: () => void) {
    return {
      portIn: () => 0xff,
      portOut: () => undefined,
      mmioRead: () => 0,
      mmioWrite: () => undefined,
      hypercall: () => (hypercall(), true),
      acknowledgeInterrupt: () => this.interrupts.shift() ?? 0,
    };
  }

  /** An array whose elements are the processor's registers. */
  #generalRegisters(): bigint[] {
    const { registers } = this.#cpu;
    const isNumber = (key: string | symbol): key is string => typeof key === 'string' && /^\d+$/.test(key);
    return new Proxy(new Array<bigint>(16).fill(0n), {
      get: (target, key) =>
        isNumber(key) ? registers.get(Number(key)) : (Reflect.get(target, key) as unknown),
      set: (_, key, value: bigint) => (isNumber(key) && registers.set(Number(key), value), true),
    });
  }

  get rip(): bigint {
    return this.#cpu.registers.rip;
  }

  set rip(value: bigint) {
    this.#cpu.registers.rip = value;
  }

  get rflags(): bigint {
    return this.#cpu.registers.rflags;
  }

  get rsp(): bigint {
    return this.#cpu.registers.get(4);
  }

  get cs(): bigint {
    return BigInt(this.#cpu.registers.segment('cs').selector);
  }

  get ss(): bigint {
    return BigInt(this.#cpu.registers.segment('ss').selector);
  }

  get gsBase(): bigint {
    return this.#cpu.registers.gsBase;
  }

  load(code: ToyCode): void {
    this.#codes.push(code);
  }

  addressOf(symbol: string): bigint {
    const address = this.#codes
      .map(({ symbols }) => symbols.get(symbol))
      .find((found) => found !== undefined);
    if (address === undefined) throw new Error(`no symbol ${symbol}`);
    return address;
  }

  step(): void {
    this.#cpu.setInterruptLine(this.interrupts.length > 0);
    const reason = this.#cpu.run(1);
    if (reason === 'tripleFault') throw new Error(`triple fault at ${this.rip.toString(16)}`);
    this.halted = reason === 'halt';
  }

  disturb(vector: number): void {
    if (vector !== NMI) throw new Error('the machine offers no way to raise a debug exception');
    this.#cpu.raiseNmi();
  }
}
