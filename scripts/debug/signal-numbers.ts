import { Sig } from '../../plugins/kernel/linux-abi/signals/signal-numbers.js';

/** gdb has numbers of its own (include/gdb/signals.def); they differ from Linux's behind SIGABRT. */
const gdbNumbers: ReadonlyMap<number, number> = new Map([
  ...[1, 2, 3, 4, 5, 6, 8, 9, 11, 13, 14, 15].map((same): [number, number] => [same, same]),
  [Sig.BUS, 10],
  [Sig.USR1, 30],
  [Sig.USR2, 31],
  [Sig.CHLD, 20],
  [Sig.CONT, 19],
  [Sig.STOP, 17],
  [Sig.TSTP, 18],
  [Sig.TTIN, 21],
  [Sig.TTOU, 22],
  [Sig.URG, 16],
  [Sig.XCPU, 24],
  [Sig.XFSZ, 25],
  [Sig.VTALRM, 26],
  [Sig.PROF, 27],
  [Sig.WINCH, 28],
  [Sig.IO, 23],
  [Sig.PWR, 32],
  [Sig.SYS, 12],
  [32, 77],
  // GDB_SIGNAL_REALTIME_33 to _63, and 64 behind them.
  ...Array.from({ length: 31 }, (_, at): [number, number] => [33 + at, 45 + at]),
  [64, 78],
]);

const linuxNumbers = new Map([...gdbNumbers].map(([linux, gdb]) => [gdb, linux]));
const UNKNOWN = 143;

export const toGdbSignal = (linux: number): number => gdbNumbers.get(linux) ?? UNKNOWN;

/** Undefined for one that Linux does not have. */
export const toLinuxSignal = (gdb: number): number | undefined => linuxNumbers.get(gdb);
