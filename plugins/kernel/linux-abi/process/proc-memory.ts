import type { AddressSpace } from '../../memory/address-space.js';
import { PAGE_BYTES } from '../../memory/frames.js';
import type { Grant } from '../../memory/grant.js';
import type { ProcMap, ProcMemory } from '../vfs/procfs/source.js';
import type { ProgramImage } from './process.js';

/** Sizes and mappings of an address space. */
export function procMemory(space: AddressSpace, image: ProgramImage): ProcMemory {
  const { grants } = space;
  const code = grants.filter(({ execute, label }) => execute && label === image.path);
  const virtualBytes = sum(grants);
  return {
    virtualBytes,
    residentBytes: residentBytes(space),
    peakBytes: virtualBytes,
    dataBytes: sum(grants.filter((grant) => grant.write && !isShared(grant) && grant.label !== STACK)),
    stackBytes: sum(grants.filter(({ label }) => label === STACK)),
    codeBytes: sum(code),
    startCode: code[0]?.start ?? 0,
    endCode: code.at(-1)?.end ?? 0,
    startStack: image.stackTop,
    startBrk: image.brkStart,
    maps: () => grants.map(mapOf),
  };
}

const STACK = '[stack]';

const sum = (grants: readonly Grant[]): number =>
  grants.reduce((bytes, { start, end }) => bytes + end - start, 0);

function residentBytes({ table, grants }: AddressSpace): number {
  return table.present(0, grants.at(-1)?.end ?? 0).length * PAGE_BYTES;
}

const isShared = ({ backing }: Grant): boolean =>
  backing.kind === 'physical' || (backing.kind === 'object' && backing.shared);

function mapOf(grant: Grant): ProcMap {
  const { start, end, read, write, execute, backing, label } = grant;
  return {
    start,
    end,
    read,
    write,
    execute,
    shared: isShared(grant),
    offset: backing.kind === 'object' ? backing.offset : 0,
    dev: 0,
    ino: 0,
    name: label ?? '',
  };
}
