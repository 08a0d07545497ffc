import { debugSections } from './dwarf/debug-sections.js';
import { SectionFlag, SectionType } from './elf/elf-file.js';
import { IMAGE_VIRTUAL } from './layout.js';
import type { ElfSymbol, Section } from './elf/elf-file.js';
import type { Pad } from './code.js';
import type { Linked } from './link.js';

const PAGE_BYTES = 4096;

export function imageSections(linked: Linked, pads: readonly Pad[], sourceRoot: string): Section[] {
  const debug = [...debugSections(linked, pads, sourceRoot)].map(([name, bytes]): Section => ({
    name,
    type: SectionType.progbits,
    flags: 0,
    address: 0n,
    bytes,
    sizeBytes: bytes.length,
    alignment: 1,
  }));
  return [...loadedSections(linked), ...debug];
}

function loadedSections({ code, data, dataAddress, zeroed, end }: Linked): Section[] {
  const bssAddress = zeroed[0]?.address ?? end;
  const progbits = { type: SectionType.progbits, alignment: PAGE_BYTES };
  return [
    {
      ...progbits,
      name: '.text',
      flags: SectionFlag.alloc | SectionFlag.execute,
      address: IMAGE_VIRTUAL,
      bytes: code,
      sizeBytes: code.length,
    },
    {
      ...progbits,
      name: '.data',
      flags: SectionFlag.alloc | SectionFlag.write,
      address: dataAddress,
      bytes: data,
      sizeBytes: data.length,
    },
    {
      ...progbits,
      name: '.bss',
      type: SectionType.nobits,
      flags: SectionFlag.alloc | SectionFlag.write,
      address: bssAddress,
      bytes: new Uint8Array(),
      sizeBytes: Number(end - bssAddress),
    },
  ];
}

export function imageSymbols({ assembled, initialized, zeroed }: Linked): ElfSymbol[] {
  const offsetAt = (index: number) => assembled.instructions[index]?.offset ?? assembled.bytes.length;
  const functions = assembled.functions.map(({ name, first, last }): ElfSymbol => ({
    name,
    address: IMAGE_VIRTUAL + BigInt(offsetAt(first)),
    sizeBytes: offsetAt(last) - offsetAt(first),
    kind: 'function',
    section: '.text',
  }));
  const objects = (variables: Linked['initialized'], section: string) =>
    variables.map(({ name, address, sizeBytes }): ElfSymbol => ({
      name,
      address,
      sizeBytes,
      kind: 'object',
      section,
    }));
  return [...functions, ...objects(initialized, '.data'), ...objects(zeroed, '.bss')];
}
