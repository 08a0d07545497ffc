import { ByteWriter } from '../elf/byte-writer.js';

/** Tags, attributes and forms: DWARF 4, 7.5.4. */
export const Tag = {
  arrayType: 0x01, formalParameter: 0x05, member: 0x0d, pointerType: 0x0f, compileUnit: 0x11, structureType: 0x13,
  subrangeType: 0x21, baseType: 0x24, subprogram: 0x2e, variable: 0x34,
} as const; // prettier-ignore

const ATTRIBUTES = {
  location: 0x02, name: 0x03, byteSize: 0x0b, statementList: 0x10, lowPc: 0x11, highPc: 0x12, language: 0x13,
  folder: 0x1b, producer: 0x25, prototyped: 0x27, upperBound: 0x2f, memberLocation: 0x38, declaredFile: 0x3a,
  declaredLine: 0x3b, encoding: 0x3e, external: 0x3f, frameBase: 0x40, type: 0x49, ranges: 0x55,
} as const; // prettier-ignore

const FORMS = {
  address: 0x01, data2: 0x05, data8: 0x07, data4: 0x06, data1: 0x0b, string: 0x0e, reference: 0x13, offset: 0x17,
  expression: 0x18, flag: 0x19,
} as const; // prettier-ignore

export type Value =
  | { readonly form: 'address' | 'data8'; readonly value: bigint }
  | { readonly form: 'data1' | 'data2' | 'data4' | 'offset'; readonly value: number }
  | { readonly form: 'string'; readonly value: string }
  | { readonly form: 'reference'; readonly value: Entry }
  | { readonly form: 'expression'; readonly value: readonly number[] }
  | { readonly form: 'flag'; readonly value: true };

/** A debugging information entry. */
export interface Entry {
  readonly tag: number;
  readonly attributes: Partial<Readonly<Record<keyof typeof ATTRIBUTES, Value>>>;
  readonly children?: readonly Entry[];
}

export const data = (value: number): Value => ({ form: 'data4', value });
export const text = (value: string): Value => ({ form: 'string', value });
export const reference = (value: Entry): Value => ({ form: 'reference', value });

export interface InfoSections {
  readonly info: Uint8Array;
  readonly abbrev: Uint8Array;
  readonly str: Uint8Array;
}

/** Writes one compile unit: `.debug_info`, `.debug_abbrev` and `.debug_str`. */
export function infoSections(unit: Entry): InfoSections {
  const writer = new UnitWriter();
  writer.entry(unit);
  return writer.finish();
}

const UNIT_HEADER_BYTES = 11;
const VERSION = 4;

class UnitWriter {
  readonly #body = new ByteWriter();
  readonly #abbreviations = new Map<string, number>();
  readonly #abbrev = new ByteWriter();
  readonly #strings = new Map<string, number>();
  readonly #str = new ByteWriter();
  readonly #offsets = new Map<Entry, number>();
  readonly #references: { at: number; target: Entry }[] = [];

  entry(entry: Entry): void {
    this.#offsets.set(entry, UNIT_HEADER_BYTES + this.#body.length);
    this.#body.uleb(this.#abbreviation(entry));
    for (const value of Object.values(entry.attributes)) this.#value(value);
    if (!entry.children) return;
    for (const child of entry.children) this.entry(child);
    this.#body.u8(0);
  }

  finish(): InfoSections {
    for (const { at, target } of this.#references) this.#body.patch32(at, this.#offsets.get(target) ?? 0);
    const rest = new ByteWriter().u16(VERSION).u32(0).u8(8).append(this.#body.toBytes());
    return {
      info: new ByteWriter().u32(rest.length).append(rest.toBytes()).toBytes(),
      abbrev: this.#abbrev.u8(0).toBytes(),
      str: this.#str.toBytes(),
    };
  }

  #abbreviation(entry: Entry): number {
    const shape = Object.entries(entry.attributes).map(
      ([name, value]) => [ATTRIBUTES[name as keyof typeof ATTRIBUTES], FORMS[value.form]] as const,
    );
    const key = `${entry.tag} ${entry.children !== undefined} ${shape.join()}`;
    const known = this.#abbreviations.get(key);
    if (known !== undefined) return known;
    const code = this.#abbreviations.size + 1;
    this.#abbreviations.set(key, code);
    this.#abbrev
      .uleb(code)
      .uleb(entry.tag)
      .u8(entry.children ? 1 : 0);
    for (const [attribute, form] of shape) this.#abbrev.uleb(attribute).uleb(form);
    this.#abbrev.u16(0);
    return code;
  }

  #value(item: Value): void {
    const out = this.#body;
    switch (item.form) {
      case 'address':
      case 'data8':
        return void out.u64(item.value);
      case 'data1':
        return void out.u8(item.value);
      case 'data2':
        return void out.u16(item.value);
      case 'data4':
      case 'offset':
        return void out.u32(item.value);
      case 'string':
        return void out.u32(this.#string(item.value));
      case 'expression':
        return void out.uleb(item.value.length).append(item.value);
      case 'reference':
        this.#references.push({ at: out.length, target: item.value });
        return void out.u32(0);
      case 'flag':
        return;
    }
  }

  #string(value: string): number {
    const known = this.#strings.get(value);
    if (known !== undefined) return known;
    const at = this.#str.length;
    this.#strings.set(value, at);
    this.#str.text(value);
    return at;
  }
}
