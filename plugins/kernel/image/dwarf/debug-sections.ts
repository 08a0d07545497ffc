import { ByteWriter } from '../elf/byte-writer.js';
import { IMAGE_VIRTUAL } from '../layout.js';
import { UNIT_FILE } from '../code.js';
import { Tag, data, infoSections, reference, text } from './entries.js';
import { frameSection } from './frame-section.js';
import { lineSection } from './line-section.js';
import { LocationLists } from './location-section.js';
import { fixedAddress, typeEntries, types } from './types.js';
import type { AssembledFunction, Instruction } from '../assembler/assemble.js';
import type { Pad } from '../code.js';
import type { Linked } from '../link.js';
import type { Entry, Value } from './entries.js';
import type { FrameFunction } from './frame-section.js';
import type { LineRow } from './line-section.js';
import type { LocationRange } from './location-section.js';

const PRODUCER = 'halfcell kernel image assembler';
const LANGUAGE_C99 = 0x0c;
const CALL_FRAME_CFA = 0x9c;

/** Parameters and results of functions that are not pads. */
const SIGNATURES: Readonly<Record<string, { parameters: readonly (readonly [string, Entry])[]; result?: Entry }>> = {
  context_switch: { parameters: [['prev', types.contextPointer], ['next', types.contextPointer]] },
  fault_touch: { parameters: [['address', types.u64], ['write', types.u64]], result: types.u32 },
  fault_touch_failed: { parameters: [], result: types.u32 },
}; // prettier-ignore

const PAD_ARGUMENTS = 6;

/** All `.debug_*` sections by name. */
export function debugSections(
  linked: Linked,
  pads: readonly Pad[],
  sourceRoot: string,
): Map<string, Uint8Array> {
  const files = new FileTable();
  const rows = lineRows(linked, files);
  const lists = new LocationLists();
  const ranges = new ByteWriter();
  const subprograms = new SubprogramBuilder(linked, pads, { files, lists, ranges });
  const unit = compileUnit(linked, sourceRoot, subprograms.all());
  const { info, abbrev, str } = infoSections(unit);
  const end = IMAGE_VIRTUAL + BigInt(linked.code.length);
  return new Map([
    ['.debug_info', info],
    ['.debug_abbrev', abbrev],
    ['.debug_str', str],
    ['.debug_line', lineSection(files.names, rows, end)],
    ['.debug_frame', frameSection(frameFunctions(linked), linked.addressOf)],
    ['.debug_loc', lists.toBytes()],
    ['.debug_ranges', ranges.toBytes()],
  ]);
}

class FileTable {
  readonly names: string[] = [UNIT_FILE];
  readonly #indexes = new Map([[UNIT_FILE, 1]]);

  /** 1-based. */
  indexOf(file: string): number {
    const known = this.#indexes.get(file);
    if (known !== undefined) return known;
    this.names.push(file);
    this.#indexes.set(file, this.names.length);
    return this.names.length;
  }
}

function lineRows({ assembled }: Linked, files: FileTable): LineRow[] {
  const starts = new Set(assembled.functions.map(({ first }) => first));
  const rows = assembled.instructions.map(({ source, offset }, index) => ({
    address: IMAGE_VIRTUAL + BigInt(offset),
    file: files.indexOf(source.file),
    line: source.line,
    starts: starts.has(index),
  }));
  return rows.filter((row, index) => {
    const before = rows[index - 1];
    return row.starts || row.line !== before?.line || row.file !== before.file;
  });
}

function frameFunctions(linked: Linked): FrameFunction[] {
  const { functions, instructions, bytes } = linked.assembled;
  const addressAt = (index: number) => IMAGE_VIRTUAL + BigInt(instructions[index]?.offset ?? bytes.length);
  return functions.map(({ first, last, leadBytes }) => {
    const start = addressAt(first) - BigInt(leadBytes);
    const rows = instructions.slice(first, last).map(({ offset, frame }, index) => ({
      address: index === 0 ? start : IMAGE_VIRTUAL + BigInt(offset),
      state: frame,
    }));
    return { start, end: functionEnd(linked, last), rows };
  });
}

/** A function ends with its own last instruction, not where the lead byte of the next one lies. */
function functionEnd({ assembled }: Linked, last: number): bigint {
  const final = assembled.instructions[last - 1];
  return IMAGE_VIRTUAL + BigInt(final ? final.offset + final.encoded.bytes.length : 0);
}

function compileUnit(linked: Linked, sourceRoot: string, subprograms: readonly Entry[]): Entry {
  const variable = (name: string, type: Entry): Entry => ({
    tag: Tag.variable,
    attributes: {
      name: text(name), type: reference(type), external: { form: 'flag', value: true },
      location: fixedAddress(linked.addressOf(name)),
    },
  }); // prettier-ignore
  return {
    tag: Tag.compileUnit,
    attributes: {
      producer: text(PRODUCER),
      language: data(LANGUAGE_C99),
      name: text(UNIT_FILE),
      folder: text(sourceRoot),
      lowPc: { form: 'address', value: IMAGE_VIRTUAL },
      highPc: { form: 'data8', value: BigInt(linked.code.length) },
      statementList: { form: 'offset', value: 0 },
    },
    children: [
      ...typeEntries,
      variable('contexts', types.contexts),
      variable('percpu', types.percpu),
      ...subprograms,
    ],
  };
}

class SubprogramBuilder {
  readonly #pads: ReadonlyMap<string, Pad>;

  constructor(
    private readonly linked: Linked,
    pads: readonly Pad[],
    private readonly out: { files: FileTable; lists: LocationLists; ranges: ByteWriter },
  ) {
    this.#pads = new Map(pads.map((pad) => [pad.name, pad]));
  }

  all(): Entry[] {
    return this.linked.assembled.functions.map((each) => this.#subprogram(each));
  }

  #subprogram(each: AssembledFunction): Entry {
    const { parameters, result } = this.#signature(each.name);
    return {
      tag: Tag.subprogram,
      attributes: {
        name: text(each.name),
        external: { form: 'flag', value: true },
        prototyped: { form: 'flag', value: true },
        declaredFile: data(this.out.files.indexOf(each.source.file)),
        declaredLine: data(each.source.line),
        ...this.#extent(each),
        frameBase: { form: 'expression', value: [CALL_FRAME_CFA] },
        ...(result ? { type: reference(result) } : {}),
      },
      children: parameters.map(([name, type], index) => this.#parameter(each, name, type, index)),
    };
  }

  #signature(name: string): { parameters: readonly (readonly [string, Entry])[]; result?: Entry } {
    const pad = this.#pads.get(name);
    if (!pad) return SIGNATURES[name] ?? { parameters: [] };
    const names = pad.parameters ?? Array.from({ length: PAD_ARGUMENTS }, (_, index) => `arg${index}`);
    return { parameters: names.map((each) => [each, types.i64] as const), result: types.i64 };
  }

  /** A thread's first function has two parts: itself, named first because it holds the entry, and the byte before. */
  #extent(each: AssembledFunction): { lowPc: Value; highPc: Value } | { ranges: Value } {
    const start = this.#offsetAt(each.first);
    const end = Number(functionEnd(this.linked, each.last) - IMAGE_VIRTUAL);
    if (each.leadBytes === 0) {
      return {
        lowPc: { form: 'address', value: IMAGE_VIRTUAL + BigInt(start) },
        highPc: { form: 'data8', value: BigInt(end - start) },
      };
    }
    const at = this.out.ranges.length;
    this.out.ranges.u64(BigInt(start)).u64(BigInt(end));
    this.out.ranges.u64(BigInt(start - each.leadBytes)).u64(BigInt(start));
    this.out.ranges.u64(0n).u64(0n);
    return { ranges: { form: 'offset', value: at } };
  }

  #offsetAt(index: number): number {
    return this.linked.assembled.instructions[index]?.offset ?? this.linked.code.length;
  }

  #parameter(each: AssembledFunction, name: string, type: Entry, index: number): Entry {
    const body = this.linked.assembled.instructions.slice(each.first, each.last);
    const list = this.out.lists.append(locationRanges(body, index));
    return {
      tag: Tag.formalParameter,
      attributes: { name: text(name), type: reference(type), location: { form: 'offset', value: list } },
    };
  }
}

function locationRanges(body: readonly Instruction[], argument: number): LocationRange[] {
  const ranges: LocationRange[] = [];
  for (const instruction of body) {
    const place = instruction.arguments[argument];
    if (place === undefined) continue;
    const end = instruction.offset + instruction.encoded.bytes.length;
    const before = ranges.at(-1);
    if (before?.place === place && before.end === instruction.offset)
      ranges[ranges.length - 1] = { ...before, end };
    else ranges.push({ start: instruction.offset, end, place });
  }
  return ranges;
}
