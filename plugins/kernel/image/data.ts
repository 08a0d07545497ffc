import { CONTEXT_COUNT, ContextLayout, IMAGE_VIRTUAL, PercpuLayout, Selector } from './layout.js';

/** The bytes of one variable, once every address is known. */
export interface Variable {
  readonly name: string;
  readonly sizeBytes: number;
  readonly alignment: number;
  readonly fill?: (addressOf: (symbol: string) => bigint) => Uint8Array;
}

const BOOT_STACK_BYTES = 0x4000;
const IST_STACK_BYTES = 0x2000;
const GATES = 256;
const TSS_BYTES = 104;
const PAGE_BYTES = 4096;

const Ist = { doubleFault: 1, nonMaskable: 2, debug: 3 } as const;

const FIRST_INTERRUPT = 32;

/** Handlers of vectors 0 to 31 by vector; 32 and up are `irq_N`. */
export const EXCEPTION_HANDLERS = [
  'divide_error', 'debug', 'non_maskable', 'breakpoint', 'overflow', 'bound_range', 'invalid_opcode',
  'device_not_available', 'double_fault', 'coprocessor_overrun', 'invalid_tss', 'segment_not_present', 'stack_fault',
  'general_protection', 'page_fault', 'reserved_15', 'x87_error', 'alignment_check', 'machine_check', 'simd_error',
  'virtualization', 'control_protection', 'reserved_22', 'reserved_23', 'reserved_24', 'reserved_25', 'reserved_26',
  'reserved_27', 'hypervisor_injection', 'vmm_communication', 'security', 'reserved_31',
] as const; // prettier-ignore

export const interruptVectors: readonly number[] = Array.from(
  { length: GATES - FIRST_INTERRUPT },
  (_, index) => FIRST_INTERRUPT + index,
);

const handlerOf = (vector: number): string => EXCEPTION_HANDLERS[vector] ?? `irq_${vector}`;

function words(sizeBytes: number, entries: Readonly<Record<number, bigint>>): Uint8Array {
  const view = new DataView(new ArrayBuffer(sizeBytes));
  for (const [offset, value] of Object.entries(entries)) view.setBigUint64(Number(offset), value, true);
  return new Uint8Array(view.buffer);
}

const CODE_RING_0 = 0x00af_9b00_0000_ffffn;
const DATA_RING_0 = 0x00cf_9300_0000_ffffn;
const CODE_RING_3 = 0x00af_fb00_0000_ffffn;
const DATA_RING_3 = 0x00cf_f300_0000_ffffn;
const PRESENT_TSS = 0x89n;
const RING_MASK = ~3;

/** Intel SDM vol. 3, 3.4.5 and 7.2.3 (a system descriptor takes two entries). */
function globalDescriptors(addressOf: (symbol: string) => bigint): Uint8Array {
  const base = addressOf('tss');
  const tss =
    BigInt(TSS_BYTES - 1) |
    ((base & 0xff_ffffn) << 16n) |
    (PRESENT_TSS << 40n) |
    (((base >> 24n) & 0xffn) << 56n);
  return words(Selector.tss + 16, {
    [Selector.kernelCode]: CODE_RING_0,
    [Selector.kernelData]: DATA_RING_0,
    [Selector.userData & RING_MASK]: DATA_RING_3,
    [Selector.userCode & RING_MASK]: CODE_RING_3,
    [Selector.tss]: tss,
    [Selector.tss + 8]: base >> 32n,
  });
}

const ISTS = new Map<number, number>([
  [1, Ist.debug],
  [2, Ist.nonMaskable],
  [8, Ist.doubleFault],
]);
const USER_MAY_CALL = new Set([3, 4]);
const INTERRUPT_GATE = 0x8e;
const RING_3_GATE = 0x60;

/** Intel SDM vol. 3, 6.14.1. */
function interruptDescriptors(addressOf: (symbol: string) => bigint): Uint8Array {
  const view = new DataView(new ArrayBuffer(GATES * 16));
  for (let vector = 0; vector < GATES; vector++) {
    const handler = addressOf(handlerOf(vector));
    view.setBigUint64(vector * 16 + 8, handler >> 32n, true);
    view.setUint16(vector * 16 + 6, Number((handler >> 16n) & 0xffffn), true);
    view.setUint8(vector * 16 + 5, INTERRUPT_GATE | (USER_MAY_CALL.has(vector) ? RING_3_GATE : 0));
    view.setUint8(vector * 16 + 4, ISTS.get(vector) ?? 0);
    view.setUint16(vector * 16 + 2, Selector.kernelCode, true);
    view.setUint16(vector * 16, Number(handler & 0xffffn), true);
  }
  return new Uint8Array(view.buffer);
}

function tablePointer(table: string, sizeBytes: number): Variable {
  const fill = (addressOf: (symbol: string) => bigint) => {
    const view = new DataView(new ArrayBuffer(10));
    view.setUint16(0, sizeBytes - 1, true);
    view.setBigUint64(2, addressOf(table), true);
    return new Uint8Array(view.buffer);
  };
  return { name: `${table}_pointer`, sizeBytes: 10, alignment: 16, fill };
}

/** Intel SDM vol. 3, 7.7: rsp0 at 4, IST1 at 36; a map base beyond the limit means no port permissions. */
function taskState(addressOf: (symbol: string) => bigint): Uint8Array {
  const view = new DataView(new ArrayBuffer(TSS_BYTES));
  view.setBigUint64(4, addressOf('boot_stack_top'), true);
  for (const number of Object.values(Ist)) {
    view.setBigUint64(28 + number * 8, addressOf(`ist${number}_stack_top`), true);
  }
  view.setUint16(102, TSS_BYTES, true);
  return new Uint8Array(view.buffer);
}

const percpu = (addressOf: (symbol: string) => bigint): Uint8Array =>
  words(PercpuLayout.sizeBytes, {
    [PercpuLayout.self]: addressOf('percpu'),
    [PercpuLayout.current]: addressOf('contexts'),
    [PercpuLayout.kernelStackTop]: addressOf('boot_stack_top'),
    [PercpuLayout.tss]: addressOf('tss'),
  });

export const initializedData: readonly Variable[] = [
  { name: 'percpu', sizeBytes: PercpuLayout.sizeBytes, alignment: 64, fill: percpu },
  { name: 'tss', sizeBytes: TSS_BYTES, alignment: 64, fill: taskState },
  { name: 'gdt', sizeBytes: Selector.tss + 16, alignment: 64, fill: globalDescriptors },
  tablePointer('gdt', Selector.tss + 16),
  tablePointer('idt', GATES * 16),
  { name: 'idt', sizeBytes: GATES * 16, alignment: PAGE_BYTES, fill: interruptDescriptors },
];

/** A stack and, right above it, the name of its top. */
const stack = (name: string, sizeBytes: number): Variable[] => [
  { name, sizeBytes, alignment: PAGE_BYTES },
  { name: `${name}_top`, sizeBytes: 0, alignment: 1 },
];

export const zeroedData: readonly Variable[] = [
  { name: 'contexts', sizeBytes: CONTEXT_COUNT * ContextLayout.sizeBytes, alignment: PAGE_BYTES },
  ...Object.values(Ist).flatMap((number) => stack(`ist${number}_stack`, IST_STACK_BYTES)),
  ...stack('boot_stack', BOOT_STACK_BYTES),
];

export interface Placed extends Variable {
  readonly address: bigint;
}

/** Gives every variable an address from `start` on. */
export function placeVariables(
  variables: readonly Variable[],
  start: bigint,
): { placed: Placed[]; end: bigint } {
  let end = start;
  const placed = variables.map((variable) => {
    const address = alignUp(end, variable.alignment);
    end = address + BigInt(variable.sizeBytes);
    return { ...variable, address };
  });
  return { placed, end };
}

function alignUp(address: bigint, alignment: number): bigint {
  const step = BigInt(alignment);
  return ((address + step - 1n) / step) * step;
}

export const firstDataAddress = (codeBytes: number): bigint =>
  alignUp(IMAGE_VIRTUAL + BigInt(codeBytes), PAGE_BYTES);
