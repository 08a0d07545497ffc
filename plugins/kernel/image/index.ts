import { deserialize, serialize } from 'node:v8';
import { IMAGE_PHYSICAL, IMAGE_VIRTUAL } from './layout.js';
import { linkImage } from './link.js';
import { imageSections, imageSymbols } from './sections.js';
import { SegmentFlag, writeElf } from './elf/elf-file.js';
import type { Segment } from './elf/elf-file.js';
import type { Pad } from './code.js';
import type { Linked } from './link.js';

export type { Segment } from './elf/elf-file.js';
export type { Pad } from './code.js';
export { SegmentFlag } from './elf/elf-file.js';
export * from './layout.js';

export interface KernelImage {
  /** The executable with symbols and DWARF, for a debugger; made when first asked for. */
  readonly elf: Uint8Array;
  /** What a loader copies to `physical` and maps at `virtual`; page-aligned, zero-filled up to `memoryBytes`. */
  readonly segments: readonly Segment[];
  readonly entry: bigint;
  /** Functions, variables, and places inside functions: `context_resume`, `fault_touch_end`, `user_sysret`, `user_iret`. */
  readonly symbols: ReadonlyMap<string, bigint>;
  /** What hypercall `route` answers. Errors: RangeError when there is no such pad. */
  padAddress(index: number): bigint;
}

export interface KernelImageOptions {
  readonly pads: readonly Pad[];
  /** The folder that the files of pads are relative to, as debuggers shall see it. */
  readonly sourceRoot?: string;
}

/** Assembles, links and describes the guest code of the kernel. Pad n answers to hypercall 0x100 + n. */
export function buildKernelImage(options: KernelImageOptions): KernelImage {
  const linked = linkImage(options.pads);
  return toImage(contentOf(linked, options.pads), () => writeImageElf(linked, options));
}

/** What of an image a machine runs: plain data, to be stored at build time. */
interface ImageContent {
  readonly padNames: readonly string[];
  readonly padAddresses: readonly bigint[];
  readonly segments: readonly Segment[];
  readonly entry: bigint;
  readonly symbols: ReadonlyMap<string, bigint>;
}

/** An image for `loadKernelImage`. */
export const packKernelImage = ({ pads }: KernelImageOptions): Uint8Array =>
  serialize(contentOf(linkImage(pads), pads));

/** The image that was packed, where it has the same pads. Its `elf` is still made when it is asked for. */
export function loadKernelImage(packed: Uint8Array, options: KernelImageOptions): KernelImage | undefined {
  const content = deserialize(packed) as ImageContent;
  const same =
    content.padNames.length === options.pads.length &&
    options.pads.every(({ name }, at) => name === content.padNames[at]);
  return same ? toImage(content, () => writeImageElf(linkImage(options.pads), options)) : undefined;
}

function toImage(
  { padAddresses, segments, entry, symbols }: ImageContent,
  makeElf: () => Uint8Array,
): KernelImage {
  let elf: Uint8Array | undefined;
  return {
    get elf() {
      return (elf ??= makeElf());
    },
    segments,
    entry,
    symbols,
    padAddress(index) {
      const address = padAddresses[index];
      if (address === undefined) throw new RangeError(`there is no pad ${index}`);
      return address;
    },
  };
}

const contentOf = (linked: Linked, pads: readonly Pad[]): ImageContent => ({
  padNames: pads.map(({ name }) => name),
  padAddresses: pads.map(({ name }) => linked.addressOf(name)),
  segments: imageSegments(linked),
  entry: linked.addressOf('_start'),
  symbols: linked.symbols,
});

const writeImageElf = (linked: Linked, { pads, sourceRoot = '.' }: KernelImageOptions): Uint8Array =>
  writeElf(
    linked.addressOf('_start'),
    imageSegments(linked),
    imageSections(linked, pads, sourceRoot),
    imageSymbols(linked),
  );

const physicalOf = (address: bigint) => IMAGE_PHYSICAL + Number(address - IMAGE_VIRTUAL);

function imageSegments({ code, data, dataAddress, end }: Linked): Segment[] {
  return [
    {
      virtual: IMAGE_VIRTUAL,
      physical: IMAGE_PHYSICAL,
      bytes: code,
      memoryBytes: code.length,
      flags: SegmentFlag.read | SegmentFlag.execute,
    },
    {
      virtual: dataAddress,
      physical: physicalOf(dataAddress),
      bytes: data,
      memoryBytes: Number(end - dataAddress),
      flags: SegmentFlag.read | SegmentFlag.write,
    },
  ];
}
