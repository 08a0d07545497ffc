import { fromLittleEndianHex, littleEndianHex } from '../hex.js';
import { EINVAL, Refused } from '../packets/refused.js';
import type { Target, ThreadId } from '../target.js';
import { registersOf } from './description.js';
import type { Register } from './description.js';

const sizeOf = (register: Register): number => register.bits / 8;

/** Registers as gdb's packets carry them: bytes in memory order, `x` where a value is not known. */
export class RegisterTransport {
  readonly #registers: readonly Register[];

  constructor(readonly target: Target) {
    this.#registers = registersOf(target);
  }

  readAll(thread: ThreadId): string {
    return this.#registers.map((register) => this.#read(thread, register)).join('');
  }

  /** @throws Refused when there is no such register. */
  readOne(thread: ThreadId, number: number): string {
    return this.#read(thread, this.#at(number));
  }

  /** Registers that did not change are left alone. @throws Refused */
  writeAll(thread: ThreadId, hex: string): void {
    let at = 0;
    for (const register of this.#registers) {
      const value = hex.slice(at, (at += sizeOf(register) * 2));
      if (value && !value.includes('x')) this.#write(thread, register, value);
    }
  }

  /** @throws Refused */
  writeOne(thread: ThreadId, number: number, hex: string): void {
    this.#write(thread, this.#at(number), hex);
  }

  /** @throws Refused */
  writeByName(thread: ThreadId, name: string, hex: string): void {
    this.writeOne(
      thread,
      this.#registers.findIndex((register) => register.name === name),
      hex,
    );
  }

  /** `NUMBER:VALUE;` for each name: spares gdb the question after a stop. */
  expedite(thread: ThreadId, names: readonly string[]): string {
    return this.#registers
      .map((register, number) => ({ register, number }))
      .filter(({ register }) => names.includes(register.name))
      .map(({ register, number }) => `${number.toString(16)}:${this.#read(thread, register)};`)
      .join('');
  }

  #at(number: number): Register {
    const register = this.#registers[number];
    if (!register) throw new Refused(EINVAL, `there is no register ${number}`);
    return register;
  }

  #read(thread: ThreadId, register: Register): string {
    const value = this.target.registers.read(thread, register.name);
    const size = sizeOf(register);
    return value === undefined
      ? 'x'.repeat(size * 2)
      : littleEndianHex(BigInt.asUintN(register.bits, value), size);
  }

  #write(thread: ThreadId, register: Register, hex: string): void {
    if (hex.length !== sizeOf(register) * 2)
      throw new Refused(EINVAL, `${register.name} has ${register.bits} bits`);
    if (hex === this.#read(thread, register)) return;
    const written = this.target.registers.write(thread, register.name, fromLittleEndianHex(hex));
    if (!written) throw new Refused(EINVAL, `${register.name} cannot take this value`);
  }
}
