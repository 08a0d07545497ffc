import type { Context, ExceptionRecord } from '../../contexts/context.js';
import { Sig } from './signal-numbers.js';
import type { SignalInfo } from './signal-queue.js';

const Code = {
  SI_KERNEL: 128,
  SEGV_MAPERR: 1,
  SEGV_ACCERR: 2,
  BUS_ADRERR: 2,
  FPE_INTDIV: 1,
  FPE_FLTDIV: 3,
  FPE_FLTOVF: 4,
  FPE_FLTUND: 5,
  FPE_FLTRES: 6,
  FPE_FLTINV: 7,
  ILL_ILLOPN: 2,
  TRAP_BRKPT: 1,
  TRAP_TRACE: 2,
} as const;
const PAGE_FAULT = 14;
const SIMD_ERROR = 19;
const PfError = { W: 1 << 1, I: 1 << 4 } as const;

/** Exceptions other than page faults: the signal and its si_code. */
const byVector: Readonly<Record<number, readonly [signal: number, code: number]>> = {
  0: [Sig.FPE, Code.FPE_INTDIV],
  1: [Sig.TRAP, Code.TRAP_TRACE],
  3: [Sig.TRAP, Code.SI_KERNEL],
  4: [Sig.SEGV, Code.SI_KERNEL],
  5: [Sig.SEGV, Code.SI_KERNEL],
  6: [Sig.ILL, Code.ILL_ILLOPN],
  11: [Sig.BUS, Code.SI_KERNEL],
  12: [Sig.BUS, Code.SI_KERNEL],
  16: [Sig.FPE, Code.FPE_FLTINV],
  17: [Sig.BUS, 1],
  19: [Sig.FPE, Code.FPE_FLTINV],
};

/** Where it happened, for those whose siginfo says so. */
export interface FaultPlace {
  readonly rip: number;
  readonly mxcsr: number;
}

/** What Linux makes of an exception of the program. */
export function faultSignal(
  context: Context,
  record: ExceptionRecord,
  { rip, mxcsr }: FaultPlace,
): SignalInfo {
  const { vector } = record;
  if (vector === PAGE_FAULT) return pageFaultSignal(context, record);
  if (vector === SIMD_ERROR) return { signal: Sig.FPE, code: simdCode(mxcsr), address: rip };
  const [signal, code] = byVector[vector] ?? [Sig.SEGV, Code.SI_KERNEL];
  return { signal, code, address: code === Code.SI_KERNEL ? 0 : rip };
}

/** A page of a file that ends before it is a bus error: the access as such was allowed. */
function pageFaultSignal({ space }: Context, { address, errorCode }: ExceptionRecord): SignalInfo {
  const grant = space?.find(address);
  if (!grant) return { signal: Sig.SEGV, code: Code.SEGV_MAPERR, address };
  const allowed = errorCode & PfError.W ? grant.write : errorCode & PfError.I ? grant.execute : grant.read;
  return allowed
    ? { signal: Sig.BUS, code: Code.BUS_ADRERR, address }
    : { signal: Sig.SEGV, code: Code.SEGV_ACCERR, address };
}

/** The first exception that MXCSR shows and does not mask. */
function simdCode(mxcsr: number): number {
  const raised = mxcsr & ~(mxcsr >> 7) & 0x3f;
  const codes = [
    Code.FPE_FLTINV,
    Code.FPE_FLTINV,
    Code.FPE_FLTDIV,
    Code.FPE_FLTOVF,
    Code.FPE_FLTUND,
    Code.FPE_FLTRES,
  ];
  return codes.find((_code, bit) => (raised >> bit) & 1) ?? Code.FPE_FLTINV;
}
