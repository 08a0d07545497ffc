import { GuestFault, Vector } from '../guest-fault.js';
import { State, Status } from '../layout.js';
import type { CpuState } from '../state.js';
import type { SystemHandler } from './context.js';

/** The FXSAVE64 image, Intel SDM volume 1, table 10-2, in words of 32 bits. */
export const Image = {
  control: 0,
  opcode: 1,
  fip: 2,
  fdp: 4,
  mxcsr: 6,
  mxcsrMask: 7,
  st: 8,
  xmm: 40,
  words: 104,
} as const;
const ALIGNMENT = 16;
const IMAGE_BYTES = 512;
const MXCSR_BITS = 0xffff;
export const REGISTER_WORDS = 4;
const VECTOR_STRIDE = 32;
/** Bits of the control word that mean something, and the one that is always set. */
const [CONTROL_DEFINED, CONTROL_ALWAYS] = [0x1f3f, 0x40] as const;
const [EXCEPTIONS, SUMMARY] = [0x3f, 0x8080] as const;
const OPCODE_BITS = 0x7ff;
const TOP_SHIFT = 11;
const TOP_MASK = 7 << TOP_SHIFT;

/** Index of the word where register `i` of the stack lies. */
const x87Word = (state: CpuState, i: number) =>
  (State.x87 >> 2) + ((state.get32(State.top) + i) & 7) * REGISTER_WORDS;
/** Outside 64-bit mode there are eight, and the rest of the image is left alone. */
const vectors = (state: CpuState) => (state.isLong ? 16 : 8);
export const vectorWord = (i: number) => (State.vector + i * VECTOR_STRIDE) >> 2;

export function copyWords(from: Uint32Array, at: number, into: Uint32Array, to: number, count: number): void {
  for (let i = 0; i < count; i++) into[to + i] = from[at + i]!;
}

/** The last 96 bytes of the area are the program's own: they stay as they are, but have to be there. */
const saveFpu: SystemHandler = ({ state, memory }) => {
  memory.requireAligned(State.scratch, ALIGNMENT);
  memory.touch(State.scratch, IMAGE_BYTES - 1, true);
  saveX87(state, memory.words);
  saveControl(state, memory.words);
  saveXmm(state, memory.words);
  memory.store(State.scratch, 0, Image.xmm + vectors(state) * REGISTER_WORDS);
  return Status.next;
};

export function saveX87(state: CpuState, words: Uint32Array): void {
  const { u32 } = state;
  words[Image.control] =
    state.get32(State.fcw) | ((state.get32(State.fsw) | (state.get32(State.top) << TOP_SHIFT)) << 16);
  words[Image.opcode] = state.get32(State.ftw) | (state.get32(State.fop) << 16);
  copyWords(u32, State.fip >> 2, words, Image.fip, 2);
  copyWords(u32, State.fdp >> 2, words, Image.fdp, 2);
  for (let i = 0; i < 8; i++) {
    const to = Image.st + i * REGISTER_WORDS;
    copyWords(u32, x87Word(state, i), words, to, 3);
    words[to + 2]! &= 0xffff;
    words[to + 3] = 0;
  }
}

export function saveControl(state: CpuState, words: Uint32Array): void {
  words[Image.mxcsr] = state.get32(State.mxcsr);
  words[Image.mxcsrMask] = MXCSR_BITS;
}

export function saveXmm({ u32 }: CpuState, words: Uint32Array): void {
  for (let i = 0; i < 16; i++)
    copyWords(u32, vectorWord(i), words, Image.xmm + i * REGISTER_WORDS, REGISTER_WORDS);
}

/** #GP where a reserved bit of MXCSR is set; nothing is loaded then. */
const restoreFpu: SystemHandler = ({ state, memory }) => {
  memory.requireAligned(State.scratch, ALIGNMENT);
  memory.touch(State.scratch, IMAGE_BYTES - 1, false);
  const words = memory.load(State.scratch, 0, Image.words);
  restoreControl(state, words);
  restoreX87(state, words);
  restoreXmm(state, words);
  return Status.next;
};

/** Comes first, because it may fault. */
export function restoreControl(state: CpuState, words: Uint32Array): void {
  const mxcsr = words[Image.mxcsr]!;
  if (mxcsr & ~MXCSR_BITS) throw new GuestFault(Vector.GP);
  state.set32(State.mxcsr, mxcsr);
}

export function restoreX87(state: CpuState, words: Uint32Array): void {
  const { u32 } = state;
  const fsw = words[Image.control]! >>> 16;
  const fcw = (words[Image.control]! & CONTROL_DEFINED) | CONTROL_ALWAYS;
  // ES and B follow from the rest.
  const pending = (fsw & ~fcw & EXCEPTIONS) === 0 ? 0 : SUMMARY;
  state.set32(State.fcw, fcw);
  state.set32(State.fsw, (fsw & ~(TOP_MASK | SUMMARY)) | pending);
  state.set32(State.top, (fsw & TOP_MASK) >> TOP_SHIFT);
  state.set32(State.ftw, words[Image.opcode]! & 0xff);
  state.set32(State.fop, (words[Image.opcode]! >>> 16) & OPCODE_BITS);
  copyWords(words, Image.fip, u32, State.fip >> 2, 2);
  copyWords(words, Image.fdp, u32, State.fdp >> 2, 2);
  for (let i = 0; i < 8; i++) loadX87(state, words, i);
}

export function restoreXmm(state: CpuState, words: Uint32Array): void {
  const { u32 } = state;
  for (let i = 0; i < vectors(state); i++)
    copyWords(words, Image.xmm + i * REGISTER_WORDS, u32, vectorWord(i), REGISTER_WORDS);
}

function loadX87(state: CpuState, words: Uint32Array, i: number): void {
  const from = Image.st + i * REGISTER_WORDS;
  const to = x87Word(state, i);
  copyWords(words, from, state.u32, to, 2);
  state.u16[(to + 2) * 2] = words[from + 2]!;
}

export const fpuHandlers = { saveFpu, restoreFpu };
