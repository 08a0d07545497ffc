import { locating, AssemblyError } from './assembly-error.js';
import { FlowTracker } from './flow.js';
import { parseInstruction, relax } from './branches.js';
import { expandSource, splitList } from './source.js';
import type { Parsed, Pending } from './branches.js';
import type { Encoded } from './encode.js';
import type { FrameState } from './frame-state.js';
import type { SourceLine, SourceText } from './source.js';

export interface Instruction {
  readonly source: SourceLine;
  /** Where the caller's registers are before this instruction. */
  readonly frame: FrameState;
  /** Where each argument of the function is; empty where it is nowhere. */
  readonly arguments: readonly string[];
  offset: number;
  encoded: Encoded;
}

export interface AssembledFunction {
  readonly name: string;
  readonly source: SourceLine;
  /** 1 when a byte before the entry belongs to the function, so that `return address - 1` is inside. */
  readonly leadBytes: number;
  readonly first: number;
  last: number;
}

export interface Assembled {
  readonly instructions: readonly Instruction[];
  readonly functions: readonly AssembledFunction[];
  /** Every label, offset from the start of the code in bytes. */
  readonly labels: ReadonlyMap<string, number>;
  readonly marks: readonly string[];
  readonly bytes: Uint8Array;
  /** Relative 32-bit places that wait for a symbol outside the code. */
  readonly fixups: readonly { at: number; end: number; symbol: string; addend: number }[];
}

/** Assembles Intel-syntax text. Errors: AssemblyError, with file and line. */
export function assemble(texts: readonly SourceText[], constants: ReadonlyMap<string, number>): Assembled {
  const reader = new Reader();
  for (const line of expandSource(texts, constants)) locating(line, () => reader.read(line));
  reader.finish();
  relax(reader.instructions, reader.labelIndexes);
  return emit(reader);
}

class Reader {
  readonly instructions: Pending[] = [];
  readonly functions: AssembledFunction[] = [];
  /** Label to the index of the instruction after it. */
  readonly labelIndexes = new Map<string, number>();
  readonly marks: string[] = [];
  readonly #flow = new FlowTracker();
  /** The same line stands in every pad. */
  readonly #parsed = new Map<string, Parsed>();
  #origin: { file: string; line: number } | undefined;
  #arguments: readonly string[] = [];

  read(line: SourceLine): void {
    const label = /^([.\w]+):$/.exec(line.text)?.[1];
    if (label !== undefined) this.#label(label);
    else if (line.text.startsWith('.')) this.#directive(line);
    else this.#instruction(line);
  }

  finish(): void {
    this.#closeFunction();
    this.#flow.finish();
  }

  #label(name: string): void {
    if (this.labelIndexes.has(name)) throw new AssemblyError(`label ${name} is defined twice`);
    this.labelIndexes.set(name, this.instructions.length);
    this.#flow.label(name);
  }

  #directive(line: SourceLine): void {
    const [name = '', ...rest] = line.text.split(' ');
    const operand = rest.join(' ');
    const actions: Readonly<Record<string, () => void>> = {
      '.function': () => this.#openFunction(operand, line, 0),
      '.thread_function': () => this.#openThreadFunction(operand, line),
      '.frame': () => this.#flow.declare(operand),
      '.mark': () => {
        this.#label(operand);
        this.marks.push(operand);
      },
      '.arguments': () => {
        this.#arguments = splitList(operand);
      },
      '.origin': () => this.#setOrigin(operand),
    };
    const action = actions[name];
    if (!action) throw new AssemblyError(`unknown directive ${name}`);
    action();
  }

  #setOrigin(operand: string): void {
    const [, file, line] = /^"(.*)" (\d+)$/.exec(operand) ?? [];
    this.#origin = file === undefined ? undefined : { file, line: Number(line) };
  }

  #openFunction(name: string, line: SourceLine, leadBytes: number): void {
    this.#closeFunction();
    this.#flow.boundary();
    this.#arguments = [];
    this.functions.push({
      name,
      source: this.#locate(line),
      leadBytes,
      first: this.instructions.length,
      last: 0,
    });
    this.#label(name);
  }

  /** A thread begins here by `ret`, so the byte before must belong to the function too. */
  #openThreadFunction(name: string, line: SourceLine): void {
    this.#closeFunction();
    this.#flow.boundary();
    this.#flow.declare('root');
    this.#instruction({ ...line, text: 'nop' });
    this.#openFunction(name, line, 1);
  }

  #closeFunction(): void {
    const open = this.functions.at(-1);
    if (open && open.last === 0) open.last = this.instructions.length;
  }

  #locate(line: SourceLine): SourceLine {
    return this.#origin ? { ...line, ...this.#origin } : line;
  }

  #instruction(line: SourceLine): void {
    const parsed = this.#parsed.get(line.text) ?? parseInstruction(line.text);
    this.#parsed.set(line.text, parsed);
    const frame = this.#flow.step(parsed.mnemonic, parsed.texts);
    const source = this.#locate(line);
    this.instructions.push({
      source,
      frame,
      arguments: this.#arguments,
      offset: 0,
      encoded: parsed.encoded,
      parsed,
      choice: 0,
    });
  }
}

function emit(reader: Reader): Assembled {
  const { instructions, functions, labelIndexes, marks } = reader;
  const final = instructions.at(-1);
  const bytes = new Uint8Array(final ? final.offset + final.encoded.bytes.length : 0);
  for (const { encoded, offset } of instructions) bytes.set(encoded.bytes, offset);
  const offsetOf = (index: number) => instructions[index]?.offset ?? bytes.length;
  const labels = new Map([...labelIndexes].map(([name, index]) => [name, offsetOf(index)]));
  const outside = [];
  for (const { encoded, offset, source } of instructions) {
    const { fixup } = encoded;
    if (!fixup) continue;
    const place = {
      at: offset + fixup.at,
      end: offset + encoded.bytes.length,
      symbol: fixup.symbol,
      addend: fixup.addend,
    };
    const target = labels.get(fixup.symbol);
    if (target !== undefined) patchRelative(bytes, place, target, fixup.sizeBytes);
    else if (fixup.symbol.startsWith('.'))
      throw new AssemblyError(`${source.file}:${source.line}: no label ${fixup.symbol}`);
    else outside.push(place);
  }
  return { instructions, functions, labels, marks, bytes, fixups: outside };
}

/** Writes the distance from `end` of the instruction to `target` plus `addend`; all offsets in bytes. */
export function patchRelative(
  bytes: Uint8Array,
  place: { at: number; end: number; addend: number },
  target: number,
  sizeBytes: 1 | 4,
): void {
  const view = new DataView(bytes.buffer, bytes.byteOffset + place.at, sizeBytes);
  const distance = target + place.addend - place.end;
  if (sizeBytes === 1) view.setInt8(0, distance);
  else view.setInt32(0, distance, true);
}
