import { ControlBit } from '../control-bits.js';
import { GuestFault, Vector } from '../guest-fault.js';
import { State, Status } from '../layout.js';
import type { HiddenFeatures } from '../model.js';
import type { CpuState } from '../state.js';
import type { SystemContext, SystemHandler } from './context.js';
import {
  copyWords,
  Image,
  REGISTER_WORDS,
  restoreControl,
  restoreX87,
  restoreXmm,
  saveControl,
  saveX87,
  saveXmm,
  vectorWord,
} from './fpu.js';
import { gpr32, setGpr32 } from './operands.js';

/** Components of the XSAVE image by their bits in XCR0. */
export const Component = { x87: 1, sse: 2, avx: 4, all: 7 } as const;

/** Bytes; the standard and the compacted format agree as long as AVX is the only extended component. */
export const XsaveArea = { header: 512, headerBytes: 64, avx: 576, avxBytes: 256, sizeBytes: 832 } as const;

const ALIGNMENT = 64;
const HEADER_WORDS = XsaveArea.headerBytes / 4;
const AVX_WORDS = XsaveArea.avxBytes / 4;
const COMPACTED = 0x8000_0000;
/** In the header: XCOMP_BV. */
const COMPACTION = 8;
const CR0_TS = 8;
const MXCSR_DEFAULT = 0x1f80;
const FCW_DEFAULT = 0x37f;
const [RAX, RCX, RDX] = [0, 1, 2] as const;

const upperWord = (i: number) => vectorWord(i) + REGISTER_WORDS;

function requireXsave(state: CpuState): void {
  if ((state.get32(State.cr4) & ControlBit.OSXSAVE) === 0) throw new GuestFault(Vector.UD);
}

/** Which components the instruction is about (RFBM), once it may be executed at all. */
function requested({ state, memory }: SystemContext): number {
  requireXsave(state);
  if (state.get32(State.cr0) & CR0_TS) throw new GuestFault(Vector.NM);
  memory.requireAligned(State.scratch, ALIGNMENT);
  return gpr32(state, RAX) & state.get32(State.xcr0);
}

/** Components that are not in their initial state (XINUSE). x87 and SSE count as always in use, which the manual allows. */
function inUse({ u32 }: CpuState): number {
  for (let i = 0; i < 16; i++) {
    const at = upperWord(i);
    if (u32[at]! | u32[at + 1]! | u32[at + 2]! | u32[at + 3]!) return Component.all;
  }
  return Component.x87 | Component.sse;
}

/** The first 416 bytes, as far as they are asked for. */
function saveLegacy({ state, memory }: SystemContext, mask: number): void {
  if ((mask & 7) === 0) return;
  const partly = (mask & 3) !== 3;
  const { words } = memory;
  if (partly) memory.load(State.scratch, 0, Image.words);
  if (mask & Component.x87) saveX87(state, words);
  if (mask & (Component.sse | Component.avx)) saveControl(state, words);
  if (mask & Component.sse) saveXmm(state, words);
  memory.store(State.scratch, 0, Image.words);
}

function saveAvx({ state, memory }: SystemContext): void {
  for (let i = 0; i < 16; i++)
    copyWords(state.u32, upperWord(i), memory.words, i * REGISTER_WORDS, REGISTER_WORDS);
  memory.store(State.scratch, XsaveArea.avx, AVX_WORDS);
}

/** Bits of components that are not asked for stay as they are in the header. */
function saveHeader({ memory }: SystemContext, mask: number, used: number): void {
  const words = memory.load(State.scratch, XsaveArea.header, 2);
  words[0] = (words[0]! & ~mask) | (used & mask);
  memory.store(State.scratch, XsaveArea.header, 2);
}

/** What is saved has to find its place before any of it is stored. */
function touchArea({ memory }: SystemContext, mask: number): void {
  const end = mask & Component.avx ? XsaveArea.sizeBytes : XsaveArea.avx;
  memory.touch(State.scratch, end - 1, true);
  memory.touch(State.scratch, 0, true);
}

const save =
  (skipsUnused: boolean): SystemHandler =>
  (context) => {
    const mask = requested(context);
    const used = inUse(context.state);
    touchArea(context, mask);
    saveLegacy(context, mask);
    if (mask & Component.avx && (!skipsUnused || used & Component.avx)) saveAvx(context);
    saveHeader(context, mask, used);
    return Status.next;
  };

const saveCompacted: SystemHandler = (context) => {
  const mask = requested(context);
  const used = inUse(context.state) & mask;
  touchArea(context, used);
  saveLegacy(context, used & ~Component.avx);
  if (used & Component.avx) saveAvx(context);
  context.memory.words.set([used, 0, mask, COMPACTED]);
  context.memory.store(State.scratch, XsaveArea.header, 4);
  return Status.next;
};

function areZero(words: Uint32Array, from: number, end: number): boolean {
  let all = 0;
  for (let i = from; i < end; i++) all |= words[i]!;
  return all === 0;
}

/** #GP for a header that this processor does not write. */
function checkHeader(words: Uint32Array, allowed: number): { present: number; compacted: boolean } {
  const [present, presentHigh, compaction, compactionHigh] = words as unknown as [
    number,
    number,
    number,
    number,
  ];
  const compacted = (compactionHigh & COMPACTED) !== 0;
  const known = compacted ? compaction : allowed;
  const unknown = (present & ~known) | (known & ~allowed) | presentHigh | (compactionHigh & ~COMPACTED);
  const isClear = compacted ? areZero(words, 4, HEADER_WORDS) : areZero(words, 2, 6);
  if (unknown !== 0 || !isClear) throw new GuestFault(Vector.GP);
  return { present, compacted };
}

const restore: SystemHandler = (context) => {
  const { state, memory } = context;
  const mask = requested(context);
  // Whether the area is compacted decides about the rest.
  memory.touch(State.scratch, XsaveArea.header + COMPACTION, false);
  const header = memory.load(State.scratch, XsaveArea.header, HEADER_WORDS);
  // All of the area that is asked for has to be there, whatever the header says.
  if (mask & Component.avx) memory.touch(State.scratch, XsaveArea.sizeBytes - 1, false);
  const { present, compacted } = checkHeader(header, state.get32(State.xcr0));
  const upper = (mask & present & Component.avx) !== 0;
  const avx = upper ? memory.load(State.scratch, XsaveArea.avx, AVX_WORDS).slice(0, AVX_WORDS) : undefined;
  const words = memory.load(State.scratch, 0, Image.words);
  const control = compacted ? present & Component.sse : Component.sse | Component.avx;
  if (mask & control) restoreControl(state, words);
  else if (mask & Component.sse) state.set32(State.mxcsr, MXCSR_DEFAULT);
  if (mask & Component.x87) restoreX87(state, present & Component.x87 ? words : initialX87());
  if (mask & Component.sse) restoreXmm(state, present & Component.sse ? words : new Uint32Array(Image.words));
  if (mask & Component.avx) restoreAvx(state, avx);
  return Status.next;
};

function initialX87(): Uint32Array {
  const words = new Uint32Array(Image.words);
  words[Image.control] = FCW_DEFAULT;
  return words;
}

function restoreAvx(state: CpuState, words: Uint32Array | undefined): void {
  if (!words && !(inUse(state) & Component.avx)) return;
  const source = words ?? new Uint32Array(AVX_WORDS);
  for (let i = 0; i < 16; i++) copyWords(source, i * REGISTER_WORDS, state.u32, upperWord(i), REGISTER_WORDS);
}

/** ECX = 0: XCR0; 1: the components of it that are in use. */
const readExtendedControl: SystemHandler = ({ state }) => {
  requireXsave(state);
  const number = gpr32(state, RCX);
  if (number > 1) throw new GuestFault(Vector.GP);
  const xcr0 = state.get32(State.xcr0);
  setGpr32(state, RAX, number === 0 ? xcr0 : xcr0 & inUse(state));
  setGpr32(state, RDX, 0);
  return Status.next;
};

const AVX_FEATURE = 1 << 28;

/** What the model of the processor has. */
export const componentsOf = (hidden: HiddenFeatures): number =>
  hidden.ecx1 & AVX_FEATURE ? Component.all & ~Component.avx : Component.all;

/** x87 is always on, and AVX needs SSE. */
const writeExtendedControl: SystemHandler = ({ state, hidden, controlChanged }) => {
  requireXsave(state);
  const value = gpr32(state, RAX);
  const valid =
    gpr32(state, RCX) === 0 &&
    gpr32(state, RDX) === 0 &&
    (value & ~componentsOf(hidden)) === 0 &&
    (value & Component.x87) !== 0 &&
    (value & (Component.sse | Component.avx)) !== Component.avx;
  if (!valid) throw new GuestFault(Vector.GP);
  state.set32(State.xcr0, value);
  controlChanged();
  return Status.next;
};

export const extendedStateHandlers = {
  saveExtended: save(false),
  saveExtendedInUse: save(true),
  saveCompacted,
  restoreExtended: restore,
  readExtendedControl,
  writeExtendedControl,
};
