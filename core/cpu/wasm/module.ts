import type { Body } from './body.js';
import { leb128, name, sectionHeader, signedLeb128, vector } from './encode.js';
import type { ValueType } from './expr.js';
import { TYPE_BYTE } from './expr.js';

export interface Signature {
  readonly parameters: readonly ValueType[];
  readonly results: readonly ValueType[];
}

const HEADER = [0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00];
const SECTION = { custom: 0, type: 1, import: 2, function: 3, export: 7, element: 9, code: 10 } as const;
const KIND = { function: 0, table: 1, memory: 2 } as const;
const FUNCREF = 0x70;
const NOT_TAKEN = 0;
const [I32_CONST, END] = [0x41, 0x0b];

/** Collects imports, functions and exports, and writes them as one binary module. */
export class ModuleBuilder {
  readonly #types: string[] = [];
  readonly #typeBytes: number[][] = [];
  readonly #imports: number[][] = [];
  readonly #functions: { type: number; body: Body }[] = [];
  readonly #exports: number[][] = [];
  readonly #elements: { readonly first: number; readonly functions: number[] }[] = [];
  #importedFunctions = 0;

  /** Index of a signature, for `call_indirect`. */
  type({ parameters, results }: Signature): number {
    const key = `${parameters.join()}>${results.join()}`;
    const known = this.#types.indexOf(key);
    if (known >= 0) return known;
    const bytes = [parameters, results].map((list) => vector(list.map((type) => [TYPE_BYTE[type]])));
    this.#typeBytes.push([0x60, ...bytes.flat()]);
    return this.#types.push(key) - 1;
  }

  importMemory(field: string, minimumPages: number): void {
    this.#imports.push([...name('env'), ...name(field), KIND.memory, 0, ...leb128(minimumPages)]);
  }

  importTable(field: string, minimum: number): void {
    this.#imports.push([...name('env'), ...name(field), KIND.table, FUNCREF, 0, ...leb128(minimum)]);
  }

  /** All imports come before the first `add`. */
  importFunction(field: string, signature: Signature, from = 'env'): number {
    const type = this.type(signature);
    this.#imports.push([...name(from), ...name(field), KIND.function, ...leb128(type)]);
    return this.#importedFunctions++;
  }

  add(signature: Signature, body: Body, exportedAs?: string): number {
    const index = this.#importedFunctions + this.#functions.push({ type: this.type(signature), body }) - 1;
    if (exportedAs !== undefined) {
      this.#exports.push([...name(exportedAs), KIND.function, ...leb128(index)]);
    }
    return index;
  }

  /** Which branches are rare (WebAssembly branch hinting proposal): those are expected not to be taken. */
  #hints(): [number, number[]][] {
    const functions = this.#functions.flatMap(({ body }, i) => {
      const hints = body.rareBranches.map((at) => [...leb128(at), 1, NOT_TAKEN]);
      return hints.length === 0 ? [] : [[...leb128(this.#importedFunctions + i), ...vector(hints)]];
    });
    if (functions.length === 0) return [];
    return [[SECTION.custom, [...name('metadata.code.branch_hint'), ...vector(functions)]]];
  }

  /** A function that an instance puts into its table. */
  setElement(at: number, functionIndex: number): void {
    const last = this.#elements.at(-1);
    if (last && last.first + last.functions.length === at) last.functions.push(functionIndex);
    else this.#elements.push({ first: at, functions: [functionIndex] });
  }

  bytes(): Uint8Array<ArrayBuffer> {
    const code = this.#functions.map(({ body }) => body.finish());
    const sections: [number, number[]][] = [
      [SECTION.type, vector(this.#typeBytes)],
      [SECTION.import, vector(this.#imports)],
      [SECTION.function, vector(this.#functions.map(({ type }) => leb128(type)))],
      [SECTION.export, vector(this.#exports)],
      [SECTION.element, vector(this.#elements.map(elementSegment))],
      ...this.#hints(),
    ];
    const parts = sections.flatMap(([id, body]) => [sectionHeader(id, body.length), body]);
    const count = leb128(code.length);
    const length = code.reduce((sum, { length }) => sum + length, count.length);
    return joined([HEADER, ...parts, sectionHeader(SECTION.code, length), count, ...code]);
  }
}

function joined(parts: readonly (readonly number[])[]): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of parts) {
    bytes.set(part, at);
    at += part.length;
  }
  return bytes;
}

/** Active, for table 0. */
const elementSegment = ({ first, functions }: { first: number; functions: readonly number[] }) => [
  ...[0, I32_CONST, ...signedLeb128(first), END],
  ...vector(functions.map((index) => leb128(index))),
];
