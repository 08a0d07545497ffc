/** Linux x86-64 signal numbers (asm/signal.h). */
export const Sig = {
  HUP: 1, INT: 2, QUIT: 3, ILL: 4, TRAP: 5, ABRT: 6, BUS: 7, FPE: 8, KILL: 9, USR1: 10, SEGV: 11, USR2: 12, PIPE: 13, ALRM: 14, TERM: 15,
  STKFLT: 16, CHLD: 17, CONT: 18, STOP: 19, TSTP: 20, TTIN: 21, TTOU: 22, URG: 23, XCPU: 24, XFSZ: 25, VTALRM: 26, PROF: 27, WINCH: 28,
  IO: 29, PWR: 30, SYS: 31,
} as const; // prettier-ignore

export const LAST_SIGNAL = 64;
export const FIRST_REALTIME = 32;

const names = new Map(Object.entries(Sig).map(([name, number]) => [number as number, `SIG${name}`]));

/** `SIGSEGV`, or `SIGRT_n` for the real-time ones. */
export const signalName = (signal: number): string => names.get(signal) ?? `SIGRT_${signal - FIRST_REALTIME}`;

export const isSignal = (signal: number): boolean =>
  Number.isInteger(signal) && signal >= 1 && signal <= LAST_SIGNAL;

export const signalBit = (signal: number): bigint => 1n << BigInt(signal - 1);

/** SIGKILL and SIGSTOP can be neither caught nor blocked. */
export const UNBLOCKABLE = signalBit(Sig.KILL) | signalBit(Sig.STOP);

export type DefaultAction = 'terminate' | 'core' | 'ignore' | 'stop' | 'continue';

const defaults: Readonly<Record<number, DefaultAction>> = {
  [Sig.QUIT]: 'core', [Sig.ILL]: 'core', [Sig.TRAP]: 'core', [Sig.ABRT]: 'core', [Sig.BUS]: 'core', [Sig.FPE]: 'core', [Sig.SEGV]: 'core',
  [Sig.XCPU]: 'core', [Sig.XFSZ]: 'core', [Sig.SYS]: 'core', [Sig.CHLD]: 'ignore', [Sig.URG]: 'ignore', [Sig.WINCH]: 'ignore',
  [Sig.CONT]: 'continue', [Sig.STOP]: 'stop', [Sig.TSTP]: 'stop', [Sig.TTIN]: 'stop', [Sig.TTOU]: 'stop',
}; // prettier-ignore

export const defaultAction = (signal: number): DefaultAction => defaults[signal] ?? 'terminate';
