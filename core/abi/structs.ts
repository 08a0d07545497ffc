import { layout } from './wire.js';
import type { RecordOf } from './wire.js';

type Of<L> = L extends { decode(...args: never[]): infer R } ? R : never;
export type { RecordOf };

export const TimeSpec = layout('TimeSpec', 16, { sec: [0, 'u64'], nsec: [8, 'i32'] });
export type TimeSpec = Of<typeof TimeSpec>;

export const Event = layout('Event', 24, { id: [0, 'u64'], flags: [8, 'u64'], data: [16, 'u64'] });
export type Event = Of<typeof Event>;

export const MapRequest = layout('Map', 32, {
  offset: [0, 'u64'],
  size: [8, 'u64'],
  flags: [16, 'u64'],
  address: [24, 'u64'],
});
export type MapRequest = Of<typeof MapRequest>;

export const Stat = layout('Stat', 104, {
  dev: [0, 'u64'],
  ino: [8, 'u64'],
  mode: [16, 'u16'],
  nlink: [20, 'u32'],
  uid: [24, 'u32'],
  gid: [28, 'u32'],
  size: [32, 'u64'],
  blksize: [40, 'u32'],
  blocks: [48, 'u64'],
  mtime: [56, 'u64'],
  mtimeNsec: [64, 'u32'],
  atime: [72, 'u64'],
  atimeNsec: [80, 'u32'],
  ctime: [88, 'u64'],
  ctimeNsec: [96, 'u32'],
});
export type Stat = Of<typeof Stat>;

export const StatVfs = layout('StatVfs', 32, {
  bsize: [0, 'u32'],
  blocks: [8, 'u64'],
  bfree: [16, 'u64'],
  bavail: [24, 'u64'],
});
export type StatVfs = Of<typeof StatVfs>;

export const NewFdParams = layout('NewFdParams', 32, {
  offset: [0, 'u64'],
  number: [8, 'u64'],
  flags: [16, 'u64'],
  internalFlags: [24, 'u8'],
});
export type NewFdParams = Of<typeof NewFdParams>;

export const GrantDesc = layout('GrantDesc', 32, {
  base: [0, 'u64'],
  size: [8, 'u64'],
  flags: [16, 'u64'],
  offset: [24, 'u64'],
});
export type GrantDesc = Of<typeof GrantDesc>;

export const ProcSchemeAttrs = layout('ProcSchemeAttrs', 48, {
  pid: [0, 'u32'],
  euid: [4, 'u32'],
  egid: [8, 'u32'],
  prio: [12, 'u32'],
  debugName: [16, { text: 32 }],
});
export type ProcSchemeAttrs = Of<typeof ProcSchemeAttrs>;

export const Exception = layout('Exception', 24, {
  kind: [0, 'u64'],
  code: [8, 'u64'],
  address: [16, 'x64'],
});
export type Exception = Of<typeof Exception>;

export const ContextStatusBuffer = layout('CtxtStsBuf', 32, {
  status: [0, 'u64'],
  kind: [8, 'u64'],
  code: [16, 'u64'],
  address: [24, 'x64'],
});

export const SetSighandlerData = layout('SetSighandlerData', 32, {
  userHandler: [0, 'u64'],
  exceptionHandler: [8, 'u64'],
  threadControl: [16, 'u64'],
  procControl: [24, 'u64'],
});

/** Register values need all 64 bits: bigints. */
export const IntRegisters = layout('IntRegisters', 160, {
  r15: [0, 'x64'],
  r14: [8, 'x64'],
  r13: [16, 'x64'],
  r12: [24, 'x64'],
  rbp: [32, 'x64'],
  rbx: [40, 'x64'],
  r11: [48, 'x64'],
  r10: [56, 'x64'],
  r9: [64, 'x64'],
  r8: [72, 'x64'],
  rax: [80, 'x64'],
  rcx: [88, 'x64'],
  rdx: [96, 'x64'],
  rsi: [104, 'x64'],
  rdi: [112, 'x64'],
  rip: [120, 'x64'],
  cs: [128, 'x64'],
  rflags: [136, 'x64'],
  rsp: [144, 'x64'],
  ss: [152, 'x64'],
});
export type IntRegisters = Of<typeof IntRegisters>;

export const EnvRegisters = layout('EnvRegisters', 16, { fsBase: [0, 'x64'], gsBase: [8, 'x64'] });
export type EnvRegisters = Of<typeof EnvRegisters>;

/** FXSAVE64's first 416 bytes. */
export const FLOAT_REGISTERS_BYTES = 416;
