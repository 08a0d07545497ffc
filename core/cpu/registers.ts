import { Slot, State, VECTOR_STRIDE } from './layout.js';
import { readFlags, writeFlags } from './rflags.js';
import type { CpuState } from './state.js';
import type { DescriptorTable, FpuState, Registers, Segment, SegmentName } from './types.js';

const TWO_32 = 0x1_0000_0000;

/** What changes elsewhere when a register is set from outside. */
export interface RegisterEffects {
  translationChanged(): void;
  controlChanged(): void;
  interruptsMayBeEnabled(): void;
}

export class CpuRegisters implements Registers {
  readonly fpu: FpuState;

  constructor(
    private readonly state: CpuState,
    private readonly effects: RegisterEffects,
  ) {
    this.fpu = new Fpu(state);
  }

  low(register: number): number {
    return this.state.u32[register * 2]!;
  }

  high(register: number): number {
    return this.state.u32[register * 2 + 1]!;
  }

  number(register: number): number {
    return this.high(register) * TWO_32 + this.low(register);
  }

  setNumber(register: number, value: number): void {
    this.state.u32[register * 2] = value;
    this.state.u32[register * 2 + 1] = Math.floor(value / TWO_32);
  }

  get(register: number): bigint {
    return this.state.u64[register]!;
  }

  set(register: number, value: bigint): void {
    this.state.u64[register] = value;
  }

  get rip() {
    return this.state.instructionPointer;
  }
  set rip(value: bigint) {
    this.state.instructionPointer = value;
  }

  get rflags() {
    return BigInt(readFlags(this.state));
  }
  set rflags(value: bigint) {
    writeFlags(this.state, Number(value & 0xffff_ffffn));
    this.effects.interruptsMayBeEnabled();
  }

  get cr0() {
    return this.state.get64(State.cr0);
  }
  set cr0(value: bigint) {
    this.#setControl(State.cr0, value);
  }

  get cr2() {
    return this.state.get64(State.cr2);
  }
  set cr2(value: bigint) {
    this.state.set64(State.cr2, value);
  }

  get cr3() {
    return this.state.get64(State.cr3);
  }
  set cr3(value: bigint) {
    this.state.set64(State.cr3, value);
    this.effects.translationChanged();
  }

  get cr4() {
    return this.state.get64(State.cr4);
  }
  set cr4(value: bigint) {
    this.#setControl(State.cr4, value);
  }

  get xcr0() {
    return BigInt(this.state.get32(State.xcr0));
  }
  set xcr0(value: bigint) {
    this.state.set32(State.xcr0, Number(value));
    this.effects.controlChanged();
  }

  get cr8() {
    return this.state.get64(State.cr8);
  }
  set cr8(value: bigint) {
    this.state.set64(State.cr8, value);
  }

  get efer() {
    return this.state.get64(State.efer);
  }
  set efer(value: bigint) {
    this.#setControl(State.efer, value);
  }

  get fsBase() {
    return this.state.get64(Slot.fsBase);
  }
  set fsBase(value: bigint) {
    this.state.set64(Slot.fsBase, value);
  }

  get gsBase() {
    return this.state.get64(Slot.gsBase);
  }
  set gsBase(value: bigint) {
    this.state.set64(Slot.gsBase, value);
  }

  get kernelGsBase() {
    return this.state.get64(State.kernelGsBase);
  }
  set kernelGsBase(value: bigint) {
    this.state.set64(State.kernelGsBase, value);
  }

  get star() {
    return this.state.get64(State.star);
  }
  set star(value: bigint) {
    this.state.set64(State.star, value);
  }

  get lstar() {
    return this.state.get64(State.lstar);
  }
  set lstar(value: bigint) {
    this.state.set64(State.lstar, value);
  }

  get cstar() {
    return this.state.get64(State.cstar);
  }
  set cstar(value: bigint) {
    this.state.set64(State.cstar, value);
  }

  get fmask() {
    return this.state.get64(State.fmask);
  }
  set fmask(value: bigint) {
    this.state.set64(State.fmask, value);
  }

  segment(name: SegmentName): Segment {
    return this.state.segment(name);
  }

  setSegment(name: SegmentName, segment: Segment): void {
    this.state.setSegment(name, segment);
  }

  get gdtr(): DescriptorTable {
    return { base: this.state.get64(State.gdtrBase), limit: this.state.get32(State.gdtrLimit) };
  }
  set gdtr({ base, limit }: DescriptorTable) {
    this.state.set64(State.gdtrBase, base);
    this.state.set32(State.gdtrLimit, limit);
  }

  get idtr(): DescriptorTable {
    return { base: this.state.get64(State.idtrBase), limit: this.state.get32(State.idtrLimit) };
  }
  set idtr({ base, limit }: DescriptorTable) {
    this.state.set64(State.idtrBase, base);
    this.state.set32(State.idtrLimit, limit);
  }

  get cpl() {
    return this.state.cpl;
  }
  set cpl(level: number) {
    this.state.cpl = level;
  }

  xmm(i: number): Uint8Array {
    const at = State.vector + i * VECTOR_STRIDE;
    return this.state.u8.subarray(at, at + 16);
  }

  ymm(i: number): Uint8Array {
    const at = State.vector + i * VECTOR_STRIDE;
    return this.state.u8.subarray(at, at + 32);
  }

  get mxcsr() {
    return this.state.get32(State.mxcsr);
  }
  set mxcsr(value: number) {
    this.state.set32(State.mxcsr, value);
  }

  #setControl(offset: number, value: bigint): void {
    this.state.set64(offset, value);
    this.effects.controlChanged();
    this.effects.translationChanged();
  }
}

const TOP = 0x3800;

class Fpu implements FpuState {
  constructor(private readonly state: CpuState) {}

  get fcw() {
    return this.state.get32(State.fcw);
  }
  set fcw(value: number) {
    this.state.set32(State.fcw, value & 0xffff);
  }

  get fsw() {
    return (this.state.get32(State.fsw) & ~TOP) | (this.state.get32(State.top) << 11);
  }
  set fsw(value: number) {
    this.state.set32(State.fsw, value & 0xffff & ~TOP);
    this.state.set32(State.top, (value >> 11) & 7);
  }

  get ftw() {
    return this.state.get32(State.ftw);
  }
  set ftw(value: number) {
    this.state.set32(State.ftw, value & 0xff);
  }

  st(i: number): Uint8Array {
    const at = State.x87 + ((this.state.get32(State.top) + i) & 7) * 16;
    return this.state.u8.subarray(at, at + 10);
  }
}
