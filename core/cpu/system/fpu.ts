import { GuestFault, Vector } from '../guest-fault.js';
import { State, Status } from '../layout.js';
import type { CpuState } from '../state.js';
import type { SystemHandler } from './context.js';
import { argument64 } from './operands.js';

/** The FXSAVE64 image, Intel SDM volume 1, table 10-2. */
const Image = {
  fcw: 0,
  fsw: 2,
  ftw: 4,
  fop: 6,
  fip: 8,
  fdp: 16,
  mxcsr: 24,
  mxcsrMask: 28,
  st: 32,
  xmm: 160,
  bytes: 416,
} as const;
const ALIGNMENT = 16n;
const MXCSR_BITS = 0xffff;
const REGISTER_BYTES = 16;
const VECTOR_STRIDE = 32;
const TOP_SHIFT = 11;

function addressOf(state: CpuState): bigint {
  const at = argument64(state, 0);
  if (at % ALIGNMENT !== 0n) throw new GuestFault(Vector.GP);
  return at;
}

const x87At = (state: CpuState, i: number) => State.x87 + ((state.get32(State.top) + i) & 7) * REGISTER_BYTES;

/** The last 96 bytes of the area are the program's own: they are not touched. */
const saveFpu: SystemHandler = ({ state, memory }) => {
  const at = addressOf(state);
  const bytes = new Uint8Array(Image.bytes);
  const view = new DataView(bytes.buffer);
  view.setUint16(Image.fcw, state.get32(State.fcw), true);
  view.setUint16(Image.fsw, state.get32(State.fsw) | (state.get32(State.top) << TOP_SHIFT), true);
  view.setUint8(Image.ftw, state.get32(State.ftw));
  view.setUint16(Image.fop, state.get32(State.fop), true);
  view.setBigUint64(Image.fip, state.get64(State.fip), true);
  view.setBigUint64(Image.fdp, state.get64(State.fdp), true);
  view.setUint32(Image.mxcsr, state.get32(State.mxcsr), true);
  view.setUint32(Image.mxcsrMask, MXCSR_BITS, true);
  for (let i = 0; i < 8; i++) copy(state, x87At(state, i), bytes, Image.st + i * REGISTER_BYTES, 10);
  for (let i = 0; i < 16; i++)
    copy(state, State.vector + i * VECTOR_STRIDE, bytes, Image.xmm + i * REGISTER_BYTES, 16);
  memory.write(at, bytes);
  return Status.next;
};

/** #GP where a reserved bit of MXCSR is set; nothing is loaded then. */
const restoreFpu: SystemHandler = ({ state, memory }) => {
  const bytes = memory.read(addressOf(state), Image.bytes);
  const view = new DataView(bytes.buffer, bytes.byteOffset);
  const mxcsr = view.getUint32(Image.mxcsr, true);
  if (mxcsr & ~MXCSR_BITS) throw new GuestFault(Vector.GP);
  const fsw = view.getUint16(Image.fsw, true);
  state.set32(State.fcw, view.getUint16(Image.fcw, true));
  state.set32(State.fsw, fsw & ~(7 << TOP_SHIFT));
  state.set32(State.top, (fsw >> TOP_SHIFT) & 7);
  state.set32(State.ftw, view.getUint8(Image.ftw));
  state.set32(State.fop, view.getUint16(Image.fop, true));
  state.set64(State.fip, view.getBigUint64(Image.fip, true));
  state.set64(State.fdp, view.getBigUint64(Image.fdp, true));
  state.set32(State.mxcsr, mxcsr);
  for (let i = 0; i < 8; i++) load(state, x87At(state, i), bytes, Image.st + i * REGISTER_BYTES, 10);
  for (let i = 0; i < 16; i++)
    load(state, State.vector + i * VECTOR_STRIDE, bytes, Image.xmm + i * REGISTER_BYTES, 16);
  return Status.next;
};

function copy(state: CpuState, from: number, bytes: Uint8Array, to: number, count: number): void {
  bytes.set(state.u8.subarray(from, from + count), to);
}

function load(state: CpuState, to: number, bytes: Uint8Array, from: number, count: number): void {
  state.u8.set(bytes.subarray(from, from + count), to);
}

export const fpuHandlers = { saveFpu, restoreFpu };
