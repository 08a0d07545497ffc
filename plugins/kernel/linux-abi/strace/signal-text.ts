import * as processes from '../layouts/processes.js';
import { signalName } from '../signals/signal-numbers.js';
import * as flags from './flags.js';
import { choiceText, flagsText } from './flags.js';
import { bytesAt, entering, hexText, inStruct, leaving, outStruct, pointerText, uint32 } from './kind.js';
import type { Kind, TracedCall } from './kind.js';

const SIGNALS = 64;
const SIGRTMIN = 32;

/** `SIGINT`; the first two real-time signals are SIGRTMIN and SIGRT_1. */
export function signalText(signal: number): string {
  if (signal < 1 || signal > SIGNALS) return String(signal);
  return signal === SIGRTMIN ? 'SIGRTMIN' : signalName(signal);
}

/** `[INT CHLD]`, or what is missing, `~[KILL STOP]`, when that is shorter. */
function signalSetText(mask: bigint): string {
  const all = Array.from({ length: SIGNALS }, (_, at) => at + 1);
  const set = all.filter((signal) => ((mask >> BigInt(signal - 1)) & 1n) === 1n);
  const inverted = set.length > SIGNALS / 2;
  const shown = inverted ? all.filter((signal) => !set.includes(signal)) : set;
  return `${inverted ? '~' : ''}[${shown.map((signal) => signalText(signal).slice('SIG'.length)).join(' ')}]`;
}

export function setAt(value: bigint, call: TracedCall): string {
  const bytes = bytesAt(value, 8, call);
  return bytes
    ? signalSetText(new DataView(bytes.buffer, bytes.byteOffset).getBigUint64(0, true))
    : pointerText(value);
}

/** Of the ucontext that the stack pointer stands on when a handler is left: `{mask=[]}`. */
export const returnedMask: Kind = entering((stack, call) => `{mask=${setAt(stack + UCONTEXT_MASK, call)}}`);
const UCONTEXT_MASK = 296n;

const handlers = ['SIG_DFL', 'SIG_IGN'];
const SA_SIGINFO = 4n;
const SA_RESTORER = 0x0400_0000n;

interface Action {
  handler: bigint;
  flags: bigint;
  restorer: bigint;
  mask: bigint;
}

function actionText({ handler, flags: given, restorer, mask }: Action): string {
  const field = (given & SA_SIGINFO) === 0n ? 'sa_handler' : 'sa_sigaction';
  const what = handlers[Number(handler)] ?? hexText(handler);
  const named = flagsText(uint32(given), flags.sigactionFlags, 'SA');
  const tail = (given & SA_RESTORER) === 0n ? '' : `, sa_restorer=${pointerText(restorer)}`;
  return `{${field}=${what}, sa_mask=${signalSetText(mask)}, sa_flags=${named}${tail}}`;
}

export const inAction = inStruct(processes.sigaction, actionText);
export const outAction = outStruct(processes.sigaction, actionText);

const stackText = ({
  ss_sp,
  ss_flags,
  ss_size,
}: {
  ss_sp: bigint;
  ss_flags: number;
  ss_size: number;
}): string =>
  `{ss_sp=${pointerText(ss_sp)}, ss_flags=${flagsText(ss_flags, flags.stackFlags, 'SS')}, ss_size=${ss_size}}`;
export const inStack = inStruct(processes.sigaltstack, stackText);
export const outStack = outStruct(processes.sigaltstack, stackText);

/** The status that wait4 stores: `[{WIFEXITED(s) && WEXITSTATUS(s) == 3}]`. */
export const outWaitStatus = leaving((value, call) => {
  const bytes = call.result === 0 ? undefined : bytesAt(value, 4, call);
  if (!bytes) return pointerText(value);
  return `[{${waitStatusText(new DataView(bytes.buffer, bytes.byteOffset).getInt32(0, true))}}]`;
});

function waitStatusText(status: number): string {
  const low = status & 0x7f;
  const high = (status >> 8) & 0xff;
  if (status === 0xffff) return 'WIFCONTINUED(s)';
  if (low === 0) return `WIFEXITED(s) && WEXITSTATUS(s) == ${high}`;
  if (low === 0x7f) return `WIFSTOPPED(s) && WSTOPSIG(s) == ${signalText(high)}`;
  return `WIFSIGNALED(s) && WTERMSIG(s) == ${signalText(low)}${(status & 0x80) === 0 ? '' : ' && WCOREDUMP(s)'}`;
}

const generalCodes: flags.ChoiceTable = {
  0: 'SI_USER',
  0x80: 'SI_KERNEL',
  [-1]: 'SI_QUEUE',
  [-2]: 'SI_TIMER',
  [-6]: 'SI_TKILL',
};
const codesOf: Readonly<Record<number, string>> = {
  4: 'ILL_ILLOPC ILL_ILLOPN ILL_ILLADR ILL_ILLTRP ILL_PRVOPC ILL_PRVREG ILL_COPROC ILL_BADSTK',
  5: 'TRAP_BRKPT TRAP_TRACE TRAP_BRANCH TRAP_HWBKPT',
  7: 'BUS_ADRALN BUS_ADRERR BUS_OBJERR',
  8: 'FPE_INTDIV FPE_INTOVF FPE_FLTDIV FPE_FLTOVF FPE_FLTUND FPE_FLTRES FPE_FLTINV FPE_FLTSUB',
  11: 'SEGV_MAPERR SEGV_ACCERR SEGV_BNDERR SEGV_PKUERR',
  17: 'CLD_EXITED CLD_KILLED CLD_DUMPED CLD_TRAPPED CLD_STOPPED CLD_CONTINUED',
};

const codeText = (signal: number, code: number): string =>
  (code > 0 ? codesOf[signal]?.split(' ')[code - 1] : undefined) ?? choiceText(code, generalCodes, 'SI');

const FAULTS = new Set([4, 5, 7, 8, 11]);
const SIGCHLD = 17;
const CLD_EXITED = 1;

/** `{si_signo=SIGSEGV, si_code=SEGV_MAPERR, si_addr=NULL}`, from the 128 bytes of siginfo_t. */
export function siginfoText(bytes: Uint8Array): string {
  const info = processes.siginfo.decode(bytes);
  const head = `si_signo=${signalText(info.si_signo)}, si_code=${codeText(info.si_signo, info.si_code)}`;
  if (info.si_code === 0x80) return `{${head}}`;
  if (FAULTS.has(info.si_signo) && info.si_code > 0)
    return `{${head}, si_addr=${pointerText(processes.siginfoFault.decode(bytes).si_addr)}}`;
  const sender = `si_pid=${info.si_pid}, si_uid=${info.si_uid}`;
  if (info.si_signo !== SIGCHLD || info.si_code <= 0) return `{${head}, ${sender}}`;
  const status = info.si_code === CLD_EXITED ? String(info.si_status) : signalText(info.si_status);
  return `{${head}, ${sender}, si_status=${status}, si_utime=${info.si_utime}, si_stime=${info.si_stime}}`;
}
