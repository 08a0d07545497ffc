import { State } from '../../core/cpu/layout.js';
import type { TierTwoOptions } from '../../core/cpu/tier-two/tier-two.js';
import { Decoder } from '../../core/isa/decoder.js';
import { disassemble } from '../../core/isa/disassemble.js';
import type { ParsedRow } from '../../core/isa/row.js';
import { plainInstance, randomInstance } from './instance.js';
import { isRepeatedString, OurCpu } from './our-cpu.js';
import type { Random } from './random.js';
import type { TestCase } from './test-case.js';
import { CODE, DATA, DATA_BYTES, MEMORY_BYTES } from './test-case.js';

/** A program of random instructions with jumps and calls among them, and how many instructions at a time it is run. */
export interface BlockProgram {
  readonly testCase: TestCase;
  readonly budgets: readonly number[];
}

const MOST_INSTRUCTIONS = 50;
const MOST_RETIRED = 3000;
const NOP = 0x90;
/** What the outermost loop counts in; nothing else is meant to go there. */
const COUNTER = Number(DATA) + DATA_BYTES - 8;
const PAGE = 4096;
const CODE_PAGES = 2;
const MEMORY_AT = 0x9_0000;

const le32 = (value: number) => [value, value >> 8, value >> 16, value >> 24].map((byte) => byte & 0xff);
const le64 = (value: bigint) => [
  ...le32(Number(BigInt.asIntN(32, value))),
  ...le32(Number(BigInt.asIntN(32, value >> 32n))),
];
const moveWide = (register: number, value: bigint) => [
  register >= 8 ? 0x49 : 0x48,
  0xb8 + (register & 7),
  ...le64(value),
];

/** A piece of code whose last four bytes are the distance to another piece. */
interface Piece {
  readonly bytes: number[];
  readonly target?: number;
}

export class BlockMaker {
  readonly #decoder: Decoder;

  /** `isModifying`: a program stores to its own code now and then. */
  constructor(
    private readonly rows: readonly ParsedRow[],
    private readonly isModifying = false,
  ) {
    this.#decoder = new Decoder(rows);
  }

  make(random: Random): BlockProgram {
    const pieces: Piece[] = [];
    const few = random.oneIn(3) ? this.rows : this.#few(random);
    const memory = [];
    const length = 1 + random.below(MOST_INSTRUCTIONS);
    let before: TestCase['before'] | undefined;
    for (let i = 0; i < length; i++) {
      if (random.oneIn(8)) pieces.push(...this.#jump(random, length * 2));
      if (this.isModifying && random.oneIn(6)) pieces.push(...this.#overwrite(random, length * 2));
      const instance = random.oneIn(2)
        ? plainInstance(random.pick(few), random)
        : randomInstance(random.pick(few), random);
      before ??= instance.before;
      memory.push(...instance.memory);
      for (const bytes of this.#pointers(instance, random)) pieces.push({ bytes });
      pieces.push({ bytes: [...instance.code] });
    }
    const code = assemble(pieces, random.below(6));
    const codeOffset = random.below(random.oneIn(2) ? PAGE : Math.max(1, PAGE - code.length));
    return {
      testCase: { code: Uint8Array.from(code), codeOffset, before: before!, memory },
      budgets: this.#budgets(random),
    };
  }

  /** A handful of rows, so that a program consists of similar instructions now and then. */
  #few(random: Random): ParsedRow[] {
    return Array.from({ length: 1 + random.below(12) }, () => random.pick(this.rows));
  }

  #budgets(random: Random): number[] {
    const budgets: number[] = [];
    const most = random.pick([3, 20, 200, MOST_RETIRED]);
    const total = Math.min(MOST_RETIRED, most * 30);
    for (let left = total; left > 0; left -= budgets.at(-1)!)
      budgets.push(1 + random.below(Math.min(most, left)));
    return budgets;
  }

  #jump(random: Random, pieces: number): Piece[] {
    const target = random.below(pieces);
    const kind = random.below(8);
    if (kind === 0) return [{ bytes: [0xe9, 0, 0, 0, 0], target }];
    if (kind === 1) return [{ bytes: [0xe8, 0, 0, 0, 0], target }];
    if (kind === 2) return [{ bytes: [0xc3] }];
    // lea rax, [rip + distance], then jmp or call rax
    const lea = { bytes: [0x48, 0x8d, 0x05, 0, 0, 0, 0], target };
    if (kind === 3) return [lea, { bytes: [0xff, random.pick([0xe0, 0xd0])] }];
    return [{ bytes: [0x0f, 0x80 + random.below(16), 0, 0, 0, 0], target }];
  }

  /** mov eax, code of another instruction; mov [rip + distance], al, ax or eax. */
  #overwrite(random: Random, pieces: number): Piece[] {
    const code = [...plainInstance(random.pick(this.rows), random).code, NOP, NOP, NOP, NOP];
    const store = random.pick([[0x88], [0x66, 0x89], [0x89]]);
    return [
      { bytes: [0xb8, ...code.slice(0, 4)] },
      { bytes: [...store, 0x05, 0, 0, 0, 0], target: random.below(pieces) },
    ];
  }

  /** What makes the registers of a memory operand point to where the instance wants it, mostly. */
  #pointers({ code, before }: TestCase, random: Random): number[][] {
    const decoded = this.#decoder.decode(code, 0, code.length);
    if (typeof decoded === 'string' || random.oneIn(12)) return [];
    const { memory, row } = decoded;
    const registers = [memory?.base, memory?.index].filter((register) => register !== undefined);
    if (row.operands.some(({ kind }) => kind === 'X' || kind === 'Y')) registers.push(6, 7);
    if (isRepeatedString(code)) registers.push(1);
    if (/^(push|pop|call|ret|enter|leave)/.test(row.mnemonic)) registers.push(4, 5);
    return registers.map((register) => moveWide(register, before.gpr[register]!));
  }
}

/** The pieces in a loop that is run `passes + 2` times. */
function assemble(pieces: readonly Piece[], passes: number): number[] {
  const start = [0xc7, 0x04, 0x25, ...le32(COUNTER), ...le32(passes + 2)];
  const places: number[] = [];
  let at = start.length;
  for (const { bytes } of pieces) {
    places.push(at);
    at += bytes.length;
  }
  const body = pieces.flatMap(({ bytes, target }, i) => {
    if (target === undefined) return bytes;
    const distance = places[target % places.length]! - places[i]! - bytes.length;
    return [...bytes.slice(0, -4), ...le32(distance)];
  });
  const count = [0xff, 0x0c, 0x25, ...le32(COUNTER)];
  const back = [0x0f, 0x85, ...le32(start.length - (at + count.length + 6))];
  return [...start, ...body, ...count, ...back];
}

/** Everything that a program can see, as text, each time it was stopped. */
export class BlockRunner {
  readonly ours: OurCpu;

  constructor(tierTwo: TierTwoOptions | false, isCodeWritable = false) {
    this.ours = new OurCpu(tierTwo, CODE_PAGES, isCodeWritable);
  }

  /** The same with everything that is known of the code forgotten behind each instruction. */
  runForgetful(program: BlockProgram): string[] {
    return this.run(program, (budget) => {
      const { cpu } = this.ours;
      for (let i = 0; i < budget && !this.ours.fault; i++) {
        cpu.run(1);
        cpu.restore(cpu.save());
      }
    });
  }

  run(
    { testCase, budgets }: BlockProgram,
    go = (budget: number): void => void this.ours.cpu.run(budget),
  ): string[] {
    const { ours } = this;
    const seen: string[] = [];
    ours.restart();
    ours.load(testCase);
    const before = ours.cpu.retired;
    for (const budget of budgets) {
      // So that accesses miss the TLB in regions, too.
      ours.cpu.flushTlb();
      go(budget);
      seen.push(this.#state(before));
      if (ours.fault) break;
    }
    return seen;
  }

  #state(before: number): string {
    const { cpu, fault } = this.ours;
    const { u8 } = cpu.state;
    const hex = (from: number, to: number) => Buffer.from(u8.subarray(from, to)).toString('hex');
    const registers = Array.from({ length: 16 }, (_, i) => cpu.registers.get(i).toString(16)).join(' ');
    const parts = {
      retired: cpu.retired - before,
      rip: cpu.registers.rip.toString(16),
      registers,
      flags: cpu.registers.rflags.toString(16),
      control: hex(State.mxcsr, State.x87Private),
      vectors: hex(State.vector, State.bounce),
      memory: Buffer.from(cpu.memory.view(MEMORY_AT, MEMORY_BYTES))
        .toString('hex')
        .replaceAll(/(00){16,}/g, '.'),
      fault: fault && `${fault.vector} ${fault.errorCode} ${fault.cr2.toString(16)}`,
    };
    return Object.entries(parts)
      .map(([name, value]) => `${name}: ${value}`)
      .join('\n');
  }
}

/** The first difference between two runs, and the program. */
export function difference(
  rows: readonly ParsedRow[],
  program: BlockProgram,
  a: readonly string[],
  b: readonly string[],
): string | undefined {
  const at = a.findIndex((state, i) => state !== b[i]);
  if (at < 0 && a.length === b.length) return undefined;
  const [left, right] = [a[at] ?? '', b[at] ?? ''].map((state) => state.split('\n'));
  const lines = left!.flatMap((line, i) => (line === right![i] ? [] : [`  ${line}`, `  ${right![i]}`]));
  const budget = program.budgets.slice(0, at + 1).join(' ');
  return [`after ${budget}:`, ...lines, ...listing(rows, program.testCase)].join('\n');
}

function listing(rows: readonly ParsedRow[], { code, codeOffset }: TestCase): string[] {
  const decoder = new Decoder(rows);
  const lines: string[] = [];
  for (let at = 0; at < code.length;) {
    const decoded = decoder.decode(code, at, code.length);
    if (typeof decoded === 'string') break;
    const rip = CODE + BigInt(codeOffset + at);
    lines.push(`    ${rip.toString(16)} ${disassemble(decoded, { rip })}`);
    at += decoded.length;
  }
  return lines;
}
