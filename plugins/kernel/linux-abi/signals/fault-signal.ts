import type { Context, ExceptionRecord } from '../../contexts/context.js';
import { Sig } from './signal-numbers.js';
import type { SignalInfo } from './signal-queue.js';

const Code = {
  SI_KERNEL: 128,
  SEGV_MAPERR: 1,
  SEGV_ACCERR: 2,
  FPE_INTDIV: 1,
  FPE_FLTINV: 7,
  ILL_ILLOPN: 2,
  TRAP_BRKPT: 1,
  TRAP_TRACE: 2,
} as const;
const PAGE_FAULT = 14;

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

/** What Linux makes of an exception of the program. */
export function faultSignal(context: Context, { vector, address }: ExceptionRecord): SignalInfo {
  if (vector === PAGE_FAULT) {
    const mapped = context.space?.find(address) !== undefined;
    return { signal: Sig.SEGV, code: mapped ? Code.SEGV_ACCERR : Code.SEGV_MAPERR, address };
  }
  const [signal, code] = byVector[vector] ?? [Sig.SEGV, Code.SI_KERNEL];
  return { signal, code, address: 0 };
}
