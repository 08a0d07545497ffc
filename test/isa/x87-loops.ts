import type { BlockProgram } from './blocks.js';
import type { Random } from './random.js';
import type { CpuState } from './test-case.js';
import { CODE, DATA, emptyState, PAGE_BYTES } from './test-case.js';
import { interestingExtended } from './values.js';

const PASSES = 100;
const INPUT_BYTES = 3072;
const STEP = 16;
const [RSI, RDI] = [6, 7];
const DEEPEST = 7;

const memory = (opcode: number, digit: number, register: number, displacement: number) => [
  opcode,
  0x40 | (digit << 3) | register,
  displacement,
];

/** A program that loops over x87 instructions whose stack comes out even, on mostly ordinary numbers. */
export function x87Loop(random: Random): BlockProgram {
  const body = new LoopBody(random).build();
  const control = random.pick([0x37f, 0x37f, 0x37f, 0x27f, 0x7f]);
  // mov word [rdi-2], control; fldcw [rdi-2]; the registers that stay in the stack
  const start = [0x66, 0xc7, 0x47, 0xfe, control & 0xff, control >> 8, 0xd9, 0x6f, 0xfe, 0xd9, 0xe8];
  const advance = [0x48, 0x83, 0xc6, STEP, 0x48, 0x83, 0xc7, STEP, 0xff, 0xc9];
  const distance = -(body.length + advance.length + 6);
  const back = [0x0f, 0x85, ...[0, 8, 16, 24].map((shift) => (distance >> shift) & 0xff)];
  return {
    testCase: {
      code: Uint8Array.from([...start, ...body, ...advance, ...back]),
      codeOffset: random.below(64),
      before: stateBefore(),
      memory: [{ offset: 0, bytes: input(random) }],
    },
    budgets: budgets(random, (body.length / 2 + 6) * PASSES),
  };
}

function stateBefore(): CpuState {
  const state = emptyState();
  state.gpr[1] = BigInt(PASSES);
  state.gpr[RSI] = DATA;
  state.gpr[RDI] = DATA + BigInt(PAGE_BYTES + 64);
  state.rip = CODE;
  return state;
}

function budgets(random: Random, total: number): number[] {
  const list: number[] = [];
  const most = random.pick([50, 1000, 100_000]);
  for (let left = total; left > 0 && list.length < 40; left -= list.at(-1)!)
    list.push(1 + random.below(most));
  return [...list, total];
}

/** Doubles, singles, integers and extended numbers, one every 16 bytes. */
function input(random: Random): Uint8Array {
  const bytes = new Uint8Array(INPUT_BYTES);
  const view = new DataView(bytes.buffer);
  const odd = random.pick([10, 100, 10_000]);
  for (let at = 0; at < INPUT_BYTES; at += 16) {
    if (random.oneIn(odd)) bytes.set(interestingExtended(random), at);
    else bytes.set(ordinaryExtended(random), at);
    if (random.oneIn(3)) view.setFloat64(at, ordinaryNumber(random), true);
    else if (random.oneIn(3)) view.setFloat32(at, ordinaryNumber(random), true);
  }
  return bytes;
}

function ordinaryNumber(random: Random): number {
  if (random.oneIn(12)) return random.pick([0, -0, 1, -1, 2, 0.5]);
  const scale = 2 ** (random.below(30) - 15);
  const whole = random.oneIn(2) ? random.below(1000) : random.u32() * 2 ** 20 + random.u32();
  return (random.oneIn(2) ? -1 : 1) * whole * scale;
}

function ordinaryExtended(random: Random): Uint8Array {
  const bytes = interestingExtended(random);
  const exponent = random.pick([16383, 16383, 16383 + random.below(70), 16383 - random.below(70)]);
  new DataView(bytes.buffer).setUint16(8, exponent | (random.oneIn(3) ? 0x8000 : 0), true);
  bytes[7]! |= 0x80;
  return bytes;
}

type OpcodeAndDigit = readonly [opcode: number, digit: number];
const STORES: readonly OpcodeAndDigit[] = [0xd9, 0xdd, 0xdf, 0xdb].map((opcode) => [opcode, 2]);
const STORES_THAT_POP: readonly OpcodeAndDigit[] = [
  ...[0xd9, 0xdd, 0xdd, 0xdf, 0xdb].map((opcode): OpcodeAndDigit => [opcode, 3]),
  ...[0xdb, 0xdf].map((opcode): OpcodeAndDigit => [opcode, 7]),
  [0xdd, 1],
];

/** Instructions with the depth of the stack as they leave it. */
class LoopBody {
  readonly #code: number[] = [];
  #depth = 1;

  constructor(private readonly random: Random) {}

  build(): number[] {
    const { random } = this;
    const length = 3 + random.below(25);
    for (let i = 0; i < length; i++) this.#one();
    while (this.#depth > 1) this.#store(true);
    while (this.#depth < 1) this.#load();
    return this.#code;
  }

  #one(): void {
    const { random } = this;
    const kind = random.below(this.#depth < 2 ? 4 : 16);
    if (kind < 3 && this.#depth < DEEPEST) return this.#load();
    if (kind === 3) return this.#store(this.#depth > 1 && random.oneIn(2));
    if (kind < 7) return this.#withMemory();
    if (kind < 11) return this.#inStack();
    if (kind === 11) return this.#compare();
    if (kind === 12) return this.#put(0xd9, 0xc8 + this.#other()); // fxch
    if (kind === 13) return this.#control();
    this.#put(0xd9, random.pick([0xe0, 0xe1, 0xfa, 0xe5, 0xd0, 0xe4]));
  }

  #put(...bytes: number[]): void {
    this.#code.push(...bytes);
  }

  #other(): number {
    return this.random.below(this.#depth);
  }

  #input(): number {
    return this.random.below(7) * 16;
  }

  #load(): void {
    const { random } = this;
    const [opcode, digit] = random.pick([
      [0xd9, 0],
      [0xdd, 0],
      [0xdd, 0],
      [0xdb, 5],
      [0xdb, 5],
      [0xdf, 0],
      [0xdb, 0],
      [0xdf, 5],
    ] as const);
    if (random.oneIn(6)) this.#put(0xd9, random.pick([0xe8, 0xe9, 0xeb, 0xee]));
    else if (this.#depth > 0 && random.oneIn(6)) this.#put(0xd9, 0xc0 + this.#other());
    else this.#put(...memory(opcode, digit, RSI, this.#input()));
    this.#depth++;
  }

  #store(pops: boolean): void {
    const { random } = this;
    const to = random.below(7) * 16;
    const [opcode, digit] = random.pick(pops ? STORES_THAT_POP : STORES);
    if (pops && random.oneIn(6)) this.#put(0xdd, 0xd8 + this.#other());
    else this.#put(...memory(opcode, digit, RDI, to));
    if (pops) this.#depth--;
  }

  #withMemory(): void {
    const opcode = this.random.pick([0xd8, 0xdc, 0xdc, 0xda, 0xde]);
    this.#put(...memory(opcode, this.random.pick([0, 1, 2, 4, 5, 6, 7, 1, 0]), RSI, this.#input()));
  }

  #inStack(): void {
    const { random } = this;
    const register = random.pick([0xc0, 0xc8, 0xe0, 0xe8, 0xf0, 0xf8, 0xc0, 0xc8]) + this.#other();
    const pops = this.#depth > 1 && random.oneIn(2);
    this.#put(pops ? 0xde : random.pick([0xd8, 0xdc]), register);
    if (pops) this.#depth--;
  }

  #compare(): void {
    const { random } = this;
    const register = this.#other();
    if (random.oneIn(3))
      this.#put(0xd8, 0xd0 + register, 0xdf, 0xe0); // fcom, fnstsw ax
    else if (random.oneIn(2))
      this.#put(0xdb, 0xe8 + register, 0xda, 0xc0 + register); // fucomi, fcmovb
    else this.#put(0xdb, 0xf0 + register, 0xdb, 0xd0 + register); // fcomi, fcmovnbe
  }

  /** Another rounding around a store of an integer, or less of everything. */
  #control(): void {
    const { random } = this;
    if (random.oneIn(2)) return this.#put(0xdb, 0xe2); // fnclex
    // fnstcw [rdi-4]; or byte [rdi-3], 0x0c; fldcw [rdi-4]; fist dword [rdi]; and byte [rdi-3], 0xf3; fldcw [rdi-4]
    this.#put(0xd9, 0x7f, 0xfc, 0x80, 0x4f, 0xfd, random.pick([0x0c, 0x08, 0x04]), 0xd9, 0x6f, 0xfc);
    this.#put(0xdb, 0x57, 0x00, 0x80, 0x67, 0xfd, 0xf3, 0xd9, 0x6f, 0xfc);
  }
}
