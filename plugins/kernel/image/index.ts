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
  /** Functions, variables, and the places `context_resume` and `fault_touch_end` inside functions. */
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
export function buildKernelImage({ pads, sourceRoot = '.' }: KernelImageOptions): KernelImage {
  const linked = linkImage(pads);
  const segments = imageSegments(linked);
  const entry = linked.addressOf('_start');
  const padAddresses = pads.map(({ name }) => linked.addressOf(name));
  const makeElf = () =>
    writeElf(entry, segments, imageSections(linked, pads, sourceRoot), imageSymbols(linked));
  let elf: Uint8Array | undefined;
  return {
    get elf() {
      return (elf ??= makeElf());
    },
    segments,
    entry,
    symbols: linked.symbols,
    padAddress(index) {
      const address = padAddresses[index];
      if (address === undefined) throw new RangeError(`there is no pad ${index}`);
      return address;
    },
  };
}

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
