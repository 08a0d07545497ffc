import { ControlBit } from '../../core/cpu/control-bits.js';
import type { CpuBus, Segment } from '../../core/cpu/types.js';
import type { TierTwoOptions } from '../../core/cpu/tier-two/tier-two.js';
import { State } from '../../core/cpu/layout.js';
import { TSS_BUSY } from '../../core/cpu/segments.js';
import { X86Cpu } from '../../core/cpu/cpu.js';
import type { CpuState, CpuUnderTest, Fault, Outcome, Patch, TestCase, TestSegment } from './test-case.js';
import {
  CODE,
  DATA,
  DATA_BYTES,
  faultOf,
  FIXED,
  FX_BYTES,
  HIGH,
  MEMORY_BYTES,
  PAGE_BYTES,
  YMM_AT,
} from './test-case.js';

const RAM_BYTES = 1 << 20;
/** Physical pages. */
const CODE_AT = 0x1_0000;
const MEMORY_AT = 0x9_0000;
const TABLES_AT = 0x1000;
/** Pages that follow each other lie apart in physical memory. */
const codeAt = (page: number) => CODE_AT + page * 3 * PAGE_BYTES;
const INT3 = 0xcc;
const REPEAT_LIMIT = 20_000;
const USER = 3;
const CR4_OSXSAVE = 0x4_0000n;
const ALL_COMPONENTS = 7n;

const enum Page {
  present = 1,
  writable = 2,
  user = 4,
}
const NO_EXECUTE = 1n << 63n;

/** As a 64-bit Linux program finds them. */
const LINUX_SELECTORS = { cs: 0x33, ss: 0x2b, ds: 0, es: 0, fs: 0, gs: 0 } as const;
const CODE_64: Omit<Segment, 'selector'> = { base: 0n, limit: 0xffff_ffff, attributes: 0xa0fb };
const CODE_32: Omit<Segment, 'selector'> = { ...CODE_64, attributes: 0xc0fb };
const DATA_SEGMENT: Omit<Segment, 'selector'> = { base: 0n, limit: 0xffff_ffff, attributes: 0xc0f3 };

/** Our processor at ring 3, with the memory of test-case.ts behind page tables. */
export class OurCpu implements CpuUnderTest {
  readonly cpu: X86Cpu;
  #fault: Fault | undefined;
  #mode: 32 | 64 = 64;
  readonly #expected = new Uint8Array(MEMORY_BYTES);

  constructor(
    tierTwo: TierTwoOptions | false = false,
    private readonly codePages = 1,
    private readonly isCodeWritable = false,
  ) {
    this.cpu = new X86Cpu({ ramBytes: RAM_BYTES, bus: this.#bus(), tierTwo });
    this.#map();
    this.enterRing3();
  }

  /** What the code since `load` has raised. */
  get fault(): Fault | undefined {
    return this.#fault;
  }

  run(cases: readonly TestCase[]): Outcome[] {
    return cases.map((testCase) => this.#runOne(testCase));
  }

  #bus(): CpuBus {
    const never = (): never => {
      throw new Error('a test case reached the bus');
    };
    return {
      portIn: never,
      portOut: never,
      mmioRead: never,
      mmioWrite: never,
      hypercall: () => false,
      acknowledgeInterrupt: never,
      exception: (vector, errorCode, cr2) => {
        this.#fault = faultOf(vector, errorCode, cr2);
        this.cpu.requestExit();
        return true;
      },
    };
  }

  #map(): void {
    const { memory, registers } = this.cpu;
    const tables = new PageTables(
      (at, entry) => memory.write64(at, entry),
      (at) => memory.read64(at),
    );
    const code = Page.present | Page.user | (this.isCodeWritable ? Page.writable : 0);
    for (let i = 0; i < this.codePages; i++) tables.map(CODE + BigInt(i * PAGE_BYTES), codeAt(i), code, 0n);
    const writable = Page.present | Page.user | Page.writable;
    for (let at = 0; at < DATA_BYTES; at += PAGE_BYTES) {
      tables.map(DATA + BigInt(at), MEMORY_AT + at, writable, NO_EXECUTE);
      tables.map(HIGH + BigInt(at), MEMORY_AT + at, writable, NO_EXECUTE);
    }
    for (const at of [FIXED, DATA + BigInt(DATA_BYTES)])
      tables.map(at, MEMORY_AT + DATA_BYTES, Page.present | Page.user, NO_EXECUTE);
    registers.cr3 = BigInt(TABLES_AT);
  }

  /** As it was made: without the code that it knows, and what it knows of that. */
  restart(): void {
    this.cpu.reset();
    this.cpu.registers.cr3 = BigInt(TABLES_AT);
    this.enterRing3();
  }

  enterRing3(): void {
    const { registers } = this.cpu;
    for (const name of ['ss', 'ds', 'es', 'fs', 'gs'] as const)
      registers.setSegment(name, { ...DATA_SEGMENT, selector: LINUX_SELECTORS[name] });
    registers.setSegment('cs', { ...CODE_64, selector: LINUX_SELECTORS.cs });
    // As Linux has it: no I/O bitmap, so that ports are closed.
    registers.setSegment('tr', { selector: 0x40, base: 0n, limit: 0, attributes: TSS_BUSY });
    registers.cpl = USER;
    registers.cr4 |= CR4_OSXSAVE;
    registers.xcr0 = ALL_COMPONENTS;
    registers.cr4 |= BigInt(ControlBit.FSGSBASE);
  }

  #setSegment(name: 'es' | 'ss', segment: TestSegment | undefined): void {
    const { base, limit, attributes } = segment ?? DATA_SEGMENT;
    this.cpu.registers.setSegment(name, { base, limit, attributes, selector: LINUX_SELECTORS[name] });
  }

  #enter(mode: 32 | 64): void {
    if (mode === this.#mode) return;
    this.#mode = mode;
    const segment = mode === 64 ? CODE_64 : CODE_32;
    this.cpu.registers.setSegment('cs', { ...segment, selector: LINUX_SELECTORS.cs });
  }

  #runOne(testCase: TestCase): Outcome {
    const { cpu } = this;
    this.load(testCase);
    const start = CODE + BigInt(testCase.codeOffset);
    const steps = isRepeatedString(testCase.code) ? REPEAT_LIMIT : 1;
    for (let i = 0; i < steps && !this.#fault && cpu.registers.rip === start; i++) cpu.run(1);
    if (cpu.registers.rip !== start) this.#forgetNextFetch();
    return this.outcome();
  }

  /** What the code since `load` has done. */
  outcome(): Outcome {
    return { fault: this.#fault, after: this.#state(), changes: this.#changes() };
  }

  forgetFault(): void {
    this.#fault = undefined;
  }

  /** The instruction has retired; that the one it jumped to cannot be fetched is a matter of the next step. */
  #forgetNextFetch(): void {
    const FETCH = 16;
    if (this.#fault?.vector === 14 && this.#fault.errorCode & FETCH) this.#fault = undefined;
  }

  load({ code, codeOffset, before, memory, mode = 64, segments }: TestCase): void {
    const { cpu } = this;
    this.#fault = undefined;
    const pages = new Uint8Array(this.codePages * PAGE_BYTES).fill(INT3);
    pages.set(code.subarray(0, pages.length - codeOffset), codeOffset);
    for (let i = 0; i < this.codePages; i++)
      cpu.memory.write(codeAt(i), pages.subarray(i * PAGE_BYTES, (i + 1) * PAGE_BYTES));
    this.#expected.fill(0);
    for (const { offset, bytes } of memory) this.#expected.set(bytes, offset);
    cpu.memory.write(MEMORY_AT, this.#expected);
    this.#enter(mode);
    this.#setSegment('es', segments?.es);
    this.#setSegment('ss', segments?.ss);
    this.#setState(before, CODE + BigInt(codeOffset));
  }

  #setState(state: CpuState, rip: bigint): void {
    const { registers } = this.cpu;
    state.gpr.forEach((value, i) => registers.set(i, value));
    registers.rip = rip;
    registers.rflags = state.rflags;
    registers.fsBase = state.fsBase;
    registers.gsBase = state.gsBase;
    for (const at of [State.fop, State.fip, State.fdp]) this.cpu.state.set64(at, 0n);
    const fx = new DataView(state.fx.buffer, state.fx.byteOffset);
    registers.fpu.fcw = fx.getUint16(0, true);
    registers.fpu.fsw = fx.getUint16(2, true);
    registers.fpu.ftw = fx.getUint8(4);
    registers.mxcsr = fx.getUint32(24, true);
    for (let i = 0; i < 8; i++) registers.fpu.st(i).set(state.fx.subarray(32 + i * 16, 42 + i * 16));
    for (let i = 0; i < 16; i++) {
      registers.ymm(i).set(state.fx.subarray(160 + i * 16, 176 + i * 16));
      registers.ymm(i).set(state.fx.subarray(YMM_AT + i * 16, YMM_AT + i * 16 + 16), 16);
    }
  }

  #state(): CpuState {
    const { registers } = this.cpu;
    return {
      gpr: BigUint64Array.from({ length: 16 }, (_, i) => registers.get(i)),
      rip: registers.rip,
      rflags: registers.rflags,
      fsBase: registers.fsBase,
      gsBase: registers.gsBase,
      fx: this.#fx(),
    };
  }

  #fx(): Uint8Array {
    const { registers } = this.cpu;
    const fx = new Uint8Array(FX_BYTES);
    const view = new DataView(fx.buffer);
    view.setUint16(0, registers.fpu.fcw, true);
    view.setUint16(2, registers.fpu.fsw, true);
    view.setUint8(4, registers.fpu.ftw);
    view.setUint32(24, registers.mxcsr, true);
    for (let i = 0; i < 8; i++) fx.set(registers.fpu.st(i), 32 + i * 16);
    for (let i = 0; i < 16; i++) {
      fx.set(registers.xmm(i), 160 + i * 16);
      fx.set(registers.ymm(i).subarray(16), YMM_AT + i * 16);
    }
    return fx;
  }

  #changes(): Patch[] {
    const now = this.cpu.memory.view(MEMORY_AT, MEMORY_BYTES);
    if (Buffer.compare(now, this.#expected) === 0) return [];
    const words = new BigUint64Array(now.slice().buffer);
    const before = new BigUint64Array(this.#expected.buffer);
    const changes: Patch[] = [];
    words.forEach((word, i) => {
      if (word !== before[i])
        changes.push({ offset: i * 8, bytes: new Uint8Array(now.slice(i * 8, i * 8 + 8)) });
    });
    return changes;
  }
}

/** Four-level tables, one page after the other from `TABLES_AT` on. */
class PageTables {
  #free = TABLES_AT + PAGE_BYTES;

  constructor(
    private readonly write: (at: number, entry: bigint) => void,
    private readonly read: (at: number) => bigint,
  ) {}

  map(linear: bigint, physical: number, rights: number, high: bigint): void {
    let table = TABLES_AT;
    for (const shift of [39n, 30n, 21n]) table = this.#below(this.#entry(table, linear, shift));
    this.write(this.#entry(table, linear, 12n), BigInt(physical | rights) | high);
  }

  #entry(table: number, linear: bigint, shift: bigint): number {
    return table + Number((linear >> shift) & 511n) * 8;
  }

  #below(at: number): number {
    const entry = this.read(at);
    if (entry & 1n) return Number(entry & ~0xfffn);
    this.write(at, BigInt(this.#free | Page.present | Page.writable | Page.user));
    this.#free += PAGE_BYTES;
    return this.#free - PAGE_BYTES;
  }
}

const LEGACY_PREFIXES = new Set([0x66, 0x67, 0xf0, 0xf2, 0xf3, 0x2e, 0x36, 0x3e, 0x26, 0x64, 0x65]);
const STRING_OPCODES = new Set([
  0xa4, 0xa5, 0xa6, 0xa7, 0xaa, 0xab, 0xac, 0xad, 0xae, 0xaf, 0x6c, 0x6d, 0x6e, 0x6f,
]);

export function isRepeatedString(code: Uint8Array): boolean {
  let at = 0;
  while (LEGACY_PREFIXES.has(code[at] ?? 0)) at++;
  const repeated = code.subarray(0, at).some((byte) => byte === 0xf2 || byte === 0xf3);
  if (((code[at] ?? 0) & 0xf0) === 0x40) at++;
  return repeated && STRING_OPCODES.has(code[at] ?? 0);
}
