import { CONTEXT_COUNT, ContextLayout, FrameLayout, PercpuLayout } from '../layout.js';
import { Tag, data, reference, text } from './entries.js';
import type { Entry, Value } from './entries.js';

const UNSIGNED = 7;
const SIGNED = 5;
const CHARACTER = 6;

const base = (name: string, sizeBytes: number, encoding: number): Entry => ({
  tag: Tag.baseType,
  attributes: { name: text(name), byteSize: data(sizeBytes), encoding: data(encoding) },
});

const pointerTo = (target: Entry): Entry => ({
  tag: Tag.pointerType,
  attributes: { byteSize: data(8), type: reference(target) },
});

const u64 = base('unsigned long', 8, UNSIGNED);
const i64 = base('long', 8, SIGNED);
const u32 = base('unsigned int', 4, UNSIGNED);
const u8 = base('unsigned char', 1, UNSIGNED);
const char = base('char', 1, CHARACTER);

const arrayOf = (element: Entry, count: number): Entry => ({
  tag: Tag.arrayType,
  attributes: { type: reference(element) },
  children: [{ tag: Tag.subrangeType, attributes: { type: reference(u64), upperBound: data(count - 1) } }],
});

const struct = (name: string, sizeBytes: number, children: readonly Entry[]): Entry => ({
  tag: Tag.structureType,
  attributes: { name: text(name), byteSize: data(sizeBytes) },
  children,
});

const member = (name: string, type: Entry, offset: number): Entry => ({
  tag: Tag.member,
  attributes: { name: text(name), type: reference(type), memberLocation: data(offset) },
});

const nameArray = arrayOf(char, ContextLayout.nameBytes);
const fpuArray = arrayOf(u8, ContextLayout.fpuBytes);

const context = struct('context', ContextLayout.sizeBytes, [
  member('rsp', u64, ContextLayout.rsp),
  member('cr3', u64, ContextLayout.cr3),
  member('fs_base', u64, ContextLayout.fsBase),
  member('gs_base', u64, ContextLayout.gsBase),
  member('kernel_stack_top', u64, ContextLayout.kernelStackTop),
  member('id', u32, ContextLayout.id),
  member('state', u32, ContextLayout.state),
  member('work', u32, ContextLayout.work),
  member('flags', u32, ContextLayout.flags),
  member('name', nameArray, ContextLayout.name),
  member('fpu', fpuArray, ContextLayout.fpu),
]);

const contextPointer = pointerTo(context);
const { sizeBytes: frameBytes, origRax, ...frameRegisters } = FrameLayout;

const frame = struct('frame', frameBytes, [
  ...Object.entries({ ...frameRegisters, orig_rax: origRax })
    .sort(([, left], [, right]) => left - right)
    .map(([name, offset]) => member(name, u64, offset)),
]);

const framePointer = pointerTo(frame);

const percpu = struct('percpu', PercpuLayout.sizeBytes, [
  member('self', u64, PercpuLayout.self),
  member('user_rsp', u64, PercpuLayout.userRsp),
  member('current', contextPointer, PercpuLayout.current),
  member('kernel_stack_top', u64, PercpuLayout.kernelStackTop),
  member('tss', u64, PercpuLayout.tss),
]);

const contexts = arrayOf(context, CONTEXT_COUNT);

/** In the order in which they are written; each is referred to by the entry itself. */
export const typeEntries: readonly Entry[] = [
  u64, i64, u32, u8, char, nameArray, fpuArray, context, contextPointer, frame, framePointer, percpu, contexts,
]; // prettier-ignore

export const types = { u64, i64, u32, context, contextPointer, framePointer, percpu, contexts } as const;

const ADDRESS_OPERATION = 0x03;

/** A location expression for a variable at a fixed address. */
export function fixedAddress(address: bigint): Value {
  const bytes = Array.from({ length: 8 }, (_, index) => Number((address >> BigInt(index * 8)) & 0xffn));
  return { form: 'expression', value: [ADDRESS_OPERATION, ...bytes] };
}
