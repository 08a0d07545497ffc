import { CODE, DATA, DATA_BYTES, FIXED, HIGH, PAGE_BYTES } from '../test-case.js';

/** Where monitor.s has everything: physical addresses, the same as linear ones. */
export const ARENA = 0x20_0000;
export const TEMPLATE = 0x21_0000;
export const TABLES = 0x23_0000;
export const CASES = 0x30_0000;
export const CASE_BYTES = 0x900;
export const OUT = 0x600;
export const PATCHES = 6;
export const PATCH_BYTES = 128;
export const MOST_CHANGES = 16;

/** In the arena, a page or more each: what is as new for each case. */
export const Arena = {
  gdt: 0,
  ldt: 0x1000,
  tss: 0x2000,
  idt: 0x3000,
  /** The page table of CODE, DATA, FIXED and of the monitor. */
  pages: 0x4000,
  data: 0x5000,
  fixed: 0x7000,
  code: 0x8000,
} as const;
export const ARENA_BYTES = 0x9000;

/** Of a case and of its outcome, 8 bytes each. */
export const Field = {
  gpr: 0,
  rip: 0x80,
  cs: 0x88,
  rflags: 0x90,
  rsp: 0x98,
  ss: 0xa0,
  ds: 0xa8,
  es: 0xb0,
  fs: 0xb8,
  gs: 0xc0,
  ldtr: 0xc8,
  tr: 0xd0,
  cr0: 0xd8,
  cr2: 0xe0,
  cr3: 0xe8,
  cr4: 0xf0,
  cr8: 0xf8,
  dr0: 0x100,
  dr1: 0x108,
  dr2: 0x110,
  dr3: 0x118,
  dr6: 0x120,
  dr7: 0x128,
  xcr0: 0x130,
  pkru: 0x138,
  efer: 0x140,
  star: 0x148,
  lstar: 0x150,
  cstar: 0x158,
  fmask: 0x160,
  fsBase: 0x168,
  gsBase: 0x170,
  kernelGsBase: 0x178,
  sysenterCs: 0x180,
  sysenterEsp: 0x188,
  sysenterEip: 0x190,
  tscAux: 0x198,
} as const;
export type FieldName = keyof typeof Field;
export const PATCHES_AT = 0x200;
export const OUT_TABLES = 0x7c0;
export const OUT_CHANGES = 0x800;

/** Control registers as most cases have them. */
export const USUAL = {
  cr0: 0x8005_0033n,
  cr3: BigInt(TABLES),
  cr4: 0x45_0620n,
  efer: 0xd01n,
  dr6: 0xffff_0ff0n,
  dr7: 0x400n,
} as const;
/** A second address of everything below 1 GiB. */
export const ALIAS = 0x4000_0000n;
/** The same tables from another page. */
export const OTHER_CR3 = BigInt(TABLES + PAGE_BYTES);

const [KERNEL_CODE, KERNEL_DATA, USER_DATA, USER_CODE] = [0x08, 0x10, 0x23, 0x2b] as const;
export const Selector = {
  KERNEL_CODE,
  KERNEL_DATA,
  USER_DATA,
  USER_CODE,
  USER_CODE_32: 0x1b,
  KERNEL_CODE_32: 0x50,
  TASK: 0x30,
  LOCAL: 0x40,
} as const;
const RING0_STACK = 0x25_8000n;
const FIRST_STACK = 0x24_8000n;
const IO_MAP = 0x68;
const GATE_TARGET = CODE + 0x800n;

const flat = (type: bigint) => 0x0000_0000_0000_ffffn | (type << 40n);
const CODE_64 = 0x00af_0000_0000_0000n;
const FLAT_32 = 0x00cf_0000_0000_0000n;
const system = (type: number, base: number, limit: number): bigint[] => [
  BigInt(limit & 0xffff) |
    (BigInt(base & 0xff_ffff) << 16n) |
    (BigInt(type) << 40n) |
    (BigInt(base >>> 24) << 56n),
  0n,
];
const gate = (selector: number, target: bigint, type: number, stack = 0): bigint[] => [
  (target & 0xffffn) |
    (BigInt(selector) << 16n) |
    (BigInt(stack) << 32n) |
    (BigInt(type) << 40n) |
    ((target & 0xffff_0000n) << 32n),
  target >> 32n,
];

/** Every kind of descriptor, 8 bytes each. */
const GLOBAL: readonly bigint[] = [
  0n,
  CODE_64 | flat(0x9bn),
  FLAT_32 | flat(0x93n),
  FLAT_32 | flat(0xfbn),
  FLAT_32 | flat(0xf3n),
  CODE_64 | flat(0xfbn),
  ...system(0x89, ARENA + Arena.tss, 0xfff), // 30
  ...system(0x82, ARENA + Arena.ldt, 0xfff), // 40
  FLAT_32 | flat(0x9bn), // 50
  CODE_64 | flat(0x9en), // 58 conforming
  FLAT_32 | flat(0xf0n), // 60 read only
  FLAT_32 | flat(0xf2n), // 68 not accessed yet
  FLAT_32 | flat(0x72n), // 70 absent
  CODE_64 | flat(0x1an), // 78 absent
  CODE_64 | flat(0xf8n), // 80 execute only
  FLAT_32 | flat(0xf6n), // 88 expand down
  ...gate(KERNEL_CODE, GATE_TARGET, 0xec), // 90
  ...gate(KERNEL_CODE, GATE_TARGET, 0x8c), // a0 for ring 0
  ...gate(KERNEL_CODE, GATE_TARGET, 0x6c), // b0 absent
  ...system(0x8b, ARENA + Arena.tss, 0xfff), // c0 busy
  FLAT_32 | flat(0xb2n), // d0 for ring 1
  CODE_64 | flat(0xban), // d8 for ring 1
  CODE_64 | flat(0xfen), // e0 conforming, for ring 3
  0x00ef_0000_0000_0000n | flat(0xfan), // e8 both of 64 and of 32 bits
  ...system(0x81, ARENA + Arena.tss, 0xfff), // f0 of 16 bits
  ...gate(0x1b, GATE_TARGET, 0xec), // 100 to code of 32 bits
  ...gate(0x58, GATE_TARGET, 0xec), // 110 to conforming code
  ...gate(0, GATE_TARGET, 0xec), // 120 to nothing
  ...gate(KERNEL_CODE, 1n << 60n, 0xec), // 130 to no canonical address
  ...gate(USER_CODE, GATE_TARGET, 0xec), // 140 to ring 3
  0x0040_f300_0000_0fffn | (DATA << 16n), // 150 a segment of 4 KiB
  ...system(0x02, ARENA + Arena.ldt, 0xfff), // 158 absent
  ...system(0x84, ARENA, 0xfff), // 168 a call gate of 16 bits
  ...system(0x85, ARENA, 0xfff), // 178 a task gate
];
const LOCAL: readonly bigint[] = [
  FLAT_32 | flat(0xf2n),
  CODE_64 | flat(0xfan),
  FLAT_32 | flat(0x92n),
  CODE_64 | flat(0x9an),
];

/** Gates that differ from those of exceptions: type and, where a program may call them, none of the seven stacks. */
const GATES: readonly (readonly [vector: number, type: number, stack: number, selector?: number])[] = [
  [1, 0x8e, 1],
  [3, 0xee, 1],
  [4, 0xee, 1],
  [0x40, 0xee, 0],
  [0x41, 0xef, 0],
  [0x42, 0x8e, 0],
  [0x43, 0x6e, 0],
  [0x44, 0xee, 0, Selector.USER_CODE],
  [0x45, 0xee, 0, 0x58],
  [0x46, 0xee, 0, 0],
  [0x47, 0xee, 0, Selector.KERNEL_DATA],
  [0x48, 0xec, 0],
  [0x49, 0xe5, 0],
  [0x4a, 0xee, 0, 0x78],
  [0x4b, 0xee, 2],
  [0x4c, 0xee, 0, 0x50],
];

/** Page-table bits. */
const [PRESENT, WRITABLE, USER, LARGE] = [1n, 2n, 4n, 0x80n] as const;
const ALL = PRESENT | WRITABLE | USER;
const NO_EXECUTE = 1n << 63n;

class Memory {
  readonly bytes: Uint8Array;
  readonly #view: DataView;

  constructor(length: number) {
    this.bytes = new Uint8Array(length);
    this.#view = new DataView(this.bytes.buffer);
  }

  set(at: number, ...words: readonly bigint[]): void {
    words.forEach((word, i) => this.#view.setBigUint64(at + i * 8, BigInt.asUintN(64, word), true));
  }
}

const pageOf = (linear: bigint) => Number((linear >> 12n) & 511n) * 8;
const physical = (at: number) => BigInt(ARENA + at);

/** The arena before each case. `stubs`: where the handlers begin, 16 bytes each. */
export function template(stubs: number): Uint8Array {
  const memory = new Memory(ARENA_BYTES);
  memory.set(Arena.gdt, ...GLOBAL);
  memory.set(Arena.ldt, ...LOCAL);
  memory.set(Arena.tss + 4, RING0_STACK, RING0_STACK, RING0_STACK);
  memory.set(Arena.tss + 0x24, FIRST_STACK, DATA + 0x1008n);
  new DataView(memory.bytes.buffer).setUint16(Arena.tss + 0x66, IO_MAP, true);
  for (let vector = 0; vector < 256; vector++)
    memory.set(Arena.idt + vector * 16, ...gate(KERNEL_CODE, BigInt(stubs + vector * 16), 0x8e, 1));
  for (const [vector, type, stack, selector = KERNEL_CODE] of GATES)
    memory.set(Arena.idt + vector * 16, ...gate(selector, BigInt(stubs + vector * 16), type, stack));
  fillPages(memory);
  memory.bytes.fill(0xcc, Arena.code, Arena.code + PAGE_BYTES);
  return memory.bytes;
}

function fillPages(memory: Memory): void {
  const map = (linear: bigint, at: number, bits: bigint) =>
    memory.set(Arena.pages + pageOf(linear), physical(at) | bits);
  map(CODE, Arena.code, PRESENT | USER);
  map(DATA, Arena.data, ALL | NO_EXECUTE);
  map(DATA + BigInt(PAGE_BYTES), Arena.data + PAGE_BYTES, ALL | NO_EXECUTE);
  map(FIXED, Arena.fixed, PRESENT | USER | NO_EXECUTE);
  for (let at = 0x10_0000n; at < 0x20_0000n; at += BigInt(PAGE_BYTES))
    memory.set(Arena.pages + pageOf(at), at | PRESENT | WRITABLE | 0x60n);
}

/** Everything above the page table in the arena, from TABLES on. */
export function upperTables(): Uint8Array {
  const memory = new Memory(7 * PAGE_BYTES);
  const table = (page: number) => BigInt(TABLES + page * PAGE_BYTES) | ALL | 0x20n;
  for (const root of [0, 1]) {
    memory.set(root * PAGE_BYTES, table(2));
    memory.set(root * PAGE_BYTES + Number(HIGH >> 39n) * 8, table(4));
  }
  const [low, high, directory, highDirectory, highPages] = [2, 4, 3, 5, 6].map((page) => page * PAGE_BYTES);
  memory.set(low!, table(3), table(3));
  memory.set(directory!, physical(Arena.pages) | ALL | 0x20n);
  for (let i = 1; i < 8; i++)
    memory.set(directory! + i * 8, BigInt(i * 0x20_0000) | PRESENT | WRITABLE | LARGE | 0x60n);
  memory.set(high! + Number((HIGH >> 30n) & 511n) * 8, table(5));
  memory.set(highDirectory! + Number((HIGH >> 21n) & 511n) * 8, table(6));
  for (let at = 0; at < DATA_BYTES; at += PAGE_BYTES)
    memory.set(
      highPages! + pageOf(HIGH) + (at / PAGE_BYTES) * 8,
      physical(Arena.data + at) | ALL | NO_EXECUTE,
    );
  return memory.bytes;
}
