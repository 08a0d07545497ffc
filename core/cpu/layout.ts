/**
 * Where everything lies in the one WebAssembly memory: CPU state, TLBs, decoded records, guest RAM.
 * All offsets are bytes. Generated code and TypeScript read this file and nothing else.
 */

/** 16 general registers of 8 bytes, then slots that an address computation can name like a register. */
export const Slot = {
  zero: 16 * 8,
  /** Linear address of the page that is executing: the base of rip-relative operands. */
  pageBase: 17 * 8,
  /** 2^31, for displacements that leave 32 bits once the page offset is folded in. */
  big: 18 * 8,
  fsBase: 0xc08,
  gsBase: 0xc10,
} as const;

/** Of `State.singleStep`. */
export const SINGLE_STEP_NOW = 2;

export const State = {
  gpr: 0x000,
  rip: 0x0c0,
  /** ZF is set when this is zero. */
  zeroResult: 0x0c8,
  /** SF is the sign of this, PF the parity of its low byte. */
  signResult: 0x0d0,
  /** Bit 63 = CF, bit 63 xor bit 62 = OF, bit 3 = AF. */
  carries: 0x0d8,
  /** rflags without CF PF AF ZF SF OF. */
  systemFlags: 0x0e0,
  /** Linear address for the slow path. */
  address: 0x0e8,
  /** A `LeftBy`. */
  leftBy: 0x0f0,
  /** An `Attention`; nonzero: leave at the next instruction border. */
  attention: 0x0f4,
  /** Record that the loop over records was left at. */
  record: 0x0f8,
  /** Budget left when the loop over records was left. */
  left: 0x0fc,
  cpl: 0x100,
  /** Start of the data TLB pair of the current privilege. */
  tlb: 0x104,
  /** 64 bits; low bits of a code TLB tag: 1 in user mode, plus the kind of code from bit 1 on. */
  codeTag: 0x108,
  exceptionVector: 0x110,
  exceptionCode: 0x114,
  exceptionAddress: 0x118,
  cr0: 0x120,
  cr2: 0x128,
  cr3: 0x130,
  cr4: 0x138,
  cr8: 0x140,
  efer: 0x148,
  star: 0x150,
  lstar: 0x158,
  cstar: 0x160,
  fmask: 0x168,
  kernelGsBase: 0x170,
  tscAux: 0x178,
  gdtrBase: 0x180,
  idtrBase: 0x188,
  gdtrLimit: 0x190,
  idtrLimit: 0x194,
  halted: 0x198,
  /** 1 while interrupts are held back for one instruction (sti), 2 while debug exceptions are too (mov ss). */
  shadow: 0x19c,
  /** Nonzero: `syscall` asks the bus first. */
  syscallTapped: 0x1a0,
  /** By CR0, CR4, XCR0: bit 0: SSE instructions trap, bit 2: as undefined; bits 3 and 4: the same for AVX; bit 1: x87 instructions trap. */
  fpuTrap: 0x1a4,
  /** 1 while an interrupt or NMI waits for IF. */
  interruptPending: 0x1a8,
  /** Number of a region that was made for another MXCSR than there is now, or for numbers of other magnitudes; 0: none. */
  outgrown: 0x1ac,
  /** Top of the stack that an exception switches to. */
  newStack: 0x1b0,
  /** How often a region met a number of a magnitude, or an MXCSR, that it was not made for. */
  strays: 0x1b8,
  /** Eight debug registers. */
  dr: 0x1c0,
  /** Eight segments of 24 bytes: base u64, selector u32, attributes u32, limit u32, unused. */
  segments: 0x200,
  /** Key and block number of the generator behind rdrand and rdseed; nonzero once there is a key. */
  randomKey: 0x2c0,
  randomBlock: 0x2e0,
  /** Rights by protection key, two bits each. */
  pkru: 0x2e8,
  /** 1 from the delivery of an NMI until iret. */
  nmiBlocked: 0x2ec,
  /** Bit 0: a debug register waits for an instruction; bit 1: for a port. */
  debugArmed: 0x2f0,
  /** 1 while the instruction under way is to end in a single-step trap; SINGLE_STEP_NOW: however many went before it. */
  singleStep: 0x2f4,
  randomSeeded: 0x2f8,
  mxcsr: 0x300,
  fcw: 0x304,
  fsw: 0x308,
  /** Abridged: bit i set = physical register i is in use. */
  ftw: 0x30c,
  fop: 0x310,
  fip: 0x318,
  fdp: 0x320,
  /** Top of the x87 stack, kept apart from `fsw`, whose bits 11..13 are always zero here. */
  top: 0x328,
  /** Which state components XSAVE knows and which instructions may be used: x87, SSE, AVX. */
  xcr0: 0x330,
  /** Eight physical x87 registers of 16 bytes, the 80-bit value in the low ten. */
  x87: 0x340,
  /** Free for whoever implements x87 in another representation. */
  x87Private: 0x3c0,
  /** Sixteen vector registers of 32 bytes. */
  vector: 0x600,
  /** Where an access that is no plain RAM access happens. */
  bounce: 0x800,
  scratch: 0x880,
  /** A record that is decoded for one execution, and page-end sentinels behind it. */
  onceRecord: 0x900,
  /** What to add to an offset in a segment, by `SegmentCode`, 8 bytes each. */
  segmentBases: 0xc00,
  /** All ones in as many bits as addresses have: 64 and 32 here, 16 bits 0x100 bytes on. */
  masks: 0xc80,
  masks16: 0xd80,
  /** The bits of rsp that are the top of the stack, and those that a push leaves alone. */
  stackMask: 0xc90,
  stackKeep: 0xc98,
  /** Outside 64-bit mode: base and limit of the code segment, i64; else 0 and all ones. */
  codeBase: 0xca0,
  codeLimit: 0xca8,
  /** A `CodeKind`. */
  codeKind: 0xcb0,
  /** The four page directory pointers that PAE paging keeps in the processor. */
  pdpte: 0xcc0,
  sysenterCs: 0xce0,
  sysenterEsp: 0xce8,
  sysenterEip: 0xcf0,
  /** The bytes of that instruction. */
  onceBytes: 0x940,
} as const;

/**
 * Whose base an address needs: the index into `State.segmentBases`. `fs` and `gs` in 64-bit mode, the rest elsewhere. There a flat
 * segment has 0; any other has its base and a mark above it, which no TLB knows, so that the slow path checks the access.
 */
export const SegmentCode = {
  none: 0,
  fs: 1,
  gs: 2,
  legacyEs: 3,
  legacyCs: 4,
  legacySs: 5,
  legacyDs: 6,
  legacyFs: 7,
  legacyGs: 8,
} as const;
export const segmentBaseAt = (code: number) => State.segmentBases + code * 8;
/** Where in the upper half of an address the mark begins: the number of the segment register, plus one. */
export const SEGMENT_MARK_SHIFT = 20;

/** How code is decoded: by mode, and apart where its segment is not flat, so that jumps are checked. */
export const CodeKind = { long: 0, code32: 1, code16: 2, checked32: 3, checked16: 4 } as const;

/** What save() keeps. */
export const STATE_BYTES = 0xe00;

/** Behind it, what is derived or belongs to this run only. */
export const Derived = {
  /** How many entries `TLB_LOCALS` ought to have; beyond `MOST_TLB_LOCALS` they were not noted. */
  tlbLocals: 0xe00,
  ramBytes: 0xe04,
} as const;

export const SEGMENT_BYTES = 24;
export const SegmentIndex = { es: 0, cs: 1, ss: 2, ds: 3, fs: 4, gs: 5, ldtr: 6, tr: 7 } as const;

export const VECTOR_STRIDE = 32;

/** Data TLB: {tag i64, addend i32, unused}; write entries follow the read entries. */
export const TLB_ENTRIES = 4096;
export const TLB_ENTRY_BYTES = 16;
export const TLB_WRITE = TLB_ENTRIES * TLB_ENTRY_BYTES;
export const TLB_USER = 0x1000;
export const TLB_SUPERVISOR = TLB_USER + 2 * TLB_WRITE;
/** Code TLB: {tag i64, records i32, unused}. */
export const CODE_TLB = TLB_SUPERVISOR + 2 * TLB_WRITE;
export const CODE_TLB_ENTRIES = 512;
/** By op: number of the form behind it, u16. */
export const FORM_OF_OP = CODE_TLB + CODE_TLB_ENTRIES * 16;

/** By the index that a page has in a data TLB, u8: accesses to it have to be told, so that it is never in one. */
export const WATCHED_PAGES = 0x4_b000;
/** Where entries of pages that are not global are, i32 in words, since those were last forgotten. */
export const TLB_LOCALS = 0x4_c000;
/** From so many on it costs less to forget everything. */
export const MOST_TLB_LOCALS = 4096;

/** Matches no address: the low twelve bits of a real tag hold at most the user bit and the kind of code. */
export const EMPTY_TAG = 0x800;

export const RECORD_BYTES = 16;
export const PAGE_BYTES = 4096;
/** By offset in a code page: the record of the instruction there, i32, or 0. */
export const MAP_BYTES = PAGE_BYTES * 4;
export const MAPS = 0x5_0000;
export const MAX_MAPS = 1024;
/** Records of a page come from its chunks, one after the other in the order of execution. */
export const CHUNK_BYTES = 1024;
export const CHUNKS = MAPS + MAX_MAPS * MAP_BYTES;
export const RAM = 0x400_0000;
/** What the decoder of records knows about the rows. */
export const DECODE_TABLES_BYTES = 0x4_0000;
export const DECODE_TABLES = RAM - DECODE_TABLES_BYTES;
/** By page of the whole memory, u8: a data TLB may lead to it. */
export const ENTERED_PAGES = DECODE_TABLES - 0x10_0000;
/** By page of RAM, u8: it holds decoded code, so that writes to it have to be told. */
export const CODE_PAGES = ENTERED_PAGES - 0x10_0000;
export const MAX_CHUNKS = (CODE_PAGES - CHUNKS) / CHUNK_BYTES;

/** Fields of a decoded record. The next instruction's record follows, or one that leads to it. */
export const Field = {
  op: 0,
  /** u16: offset of the instruction in its page, and from bit 12 on its length. */
  place: 2,
  /** ModRM.reg operand: byte offset into the register block (vector registers: number * 16). */
  reg: 4,
  /** ModRM.rm register operand, or the base of a memory operand. */
  rm: 5,
  index: 6,
  /** Bits 0..1: log2 of the scale; bit 2: 32-bit addresses; bits 3..6: `SegmentCode`; bit 7: 16-bit addresses. */
  scaleSegment: 7,
  displacement: 8,
  /** Of VEX rows only the low byte, with the two fields that follow above it. */
  immediate: 12,
  /** The register of VEX.vvvv: number * 8 for a general one, number * 16 for a vector. */
  vvvv: 13,
  /** The vector register in bits 7..4 of an immediate: number * 16. */
  immediateRegister: 14,
} as const;
export const ADDRESS_32 = 4;
export const ADDRESS_16 = 0x80;
export const SEGMENT_SHIFT = 3;
/** Of `scaleSegment`, the offset into `State.segmentBases`. */
export const SEGMENT_BITS = 0x78;

/** `watch`: nothing else than a watchpoint has been hit. */
export const Attention = { none: 0, leave: 1, watch: 2 } as const;
/** What `run` answers. */
export const Leave = { budget: 0, exception: 1, attention: 2 } as const;
/** What a rare form answers. `linked`: the form was not there yet, call again. */
export const Status = { next: 0, jumped: 1, leave: 2, exception: 3, linked: 4 } as const;
/** How a region was left: with the next instruction for tier 1, or by a jump. */
export const LeftBy = { exit: 0, indirect: 1, direct: 2, return: 3 } as const;
/** Why the loop over records was left. */
export const Pause = {
  budget: 0,
  rare: 1,
  bail: 2,
  decode: 3,
  once: 4,
  lookup: 5,
  hot: 6,
  region: 7,
} as const;

/** Added to the bytes of an access for the slow path. */
export const ACCESS_CODE = { read: 0, write: 0x100, modify: 0x300 } as const;
