import * as files from '../layouts/files.js';
import * as processes from '../layouts/processes.js';
import * as times from '../layouts/times.js';
import { majorOf, minorOf } from '../vfs/device-numbers.js';
import { FileType, Open } from '../vfs/flags.js';
import * as flags from './flags.js';
import { choiceText, flagsText } from './flags.js';
import type { ChoiceTable, FlagTable } from './flags.js';
import { arrayText, bytesAt, entering, hexText, inStruct, int32, leaving, outStruct } from './kind.js';
import { pointerText, uint32 } from './kind.js';
import type { Kind, TracedCall } from './kind.js';
import { setAt, signalText } from './signal-text.js';
import { bufferText, quoted, quotedHex, stringAt, stringText } from './text.js';

const AT_FDCWD = -100;
const NAME_BYTES = 16;
const MAX_BITS = 8192;
const PTR_BYTES = 8;

// Plain values.
export const int = entering((value) => String(int32(value)));
export const uint = entering((value) => String(uint32(value)));
export const long = entering((value) => String(BigInt.asIntN(64, value)));
export const size = entering((value) => String(BigInt.asUintN(64, value)));
export const hex = entering((value) => hexText(value));
export const pointer = entering(pointerText);
export const fd = int;
export const pid = int;
export const dirfd = entering((value) => (int32(value) === AT_FDCWD ? 'AT_FDCWD' : String(int32(value))));
export const fileOffset = entering((value) => (value === 0n ? '0' : hexText(value)));
export const hexOrZero = entering((value) => (value === 0n ? '0' : hexText(value)));
/** An address that is filled in. */
export const outPointer = leaving(pointerText);
/** (uid_t) -1 is "leave it". */
export const id = entering((value) => (uint32(value) === 0xffff_ffff ? '-1' : String(uint32(value))));
export const signal = entering((value) => signalText(int32(value)));
export const device = entering((value) => deviceText(Number(value)));

export const bits = (table: FlagTable, prefix: string): Kind =>
  entering((value) => flagsText(uint32(value), table, prefix));
export const choice = (table: ChoiceTable, prefix: string): Kind =>
  entering((value) => choiceText(int32(value), table, prefix));

// Names and bytes.
export const path = entering((value, call) => stringText(value, call));
export const string = entering((value, call) => stringText(value, call, 32));
/** Bytes whose number is another argument. */
export const inBytes = (lengthAt: number): Kind =>
  entering((value, call) => bufferText(value, Number(call.args[lengthAt] ?? 0n), call));
/** Bytes whose number is the result. */
export const outBytes = leaving((value, call) => bufferText(value, call.result ?? 0, call));
export const outString = leaving((value, call) => stringText(value, call));
export const randomBytes = leaving((value, call) => {
  const bytes = bytesAt(value, Math.min(call.result ?? 0, 32), call);
  return bytes ? quotedHex(bytes, (call.result ?? 0) > 32) : pointerText(value);
});

/** argv: the strings; the last is NULL. */
export const strings = entering((value, call) => {
  const list: string[] = [];
  for (let at = value; ; at += BigInt(PTR_BYTES)) {
    const word = pointerAt(at, call);
    if (word === undefined) return pointerText(value);
    if (word === 0n) return `[${list.join(', ')}]`;
    const bytes = stringAt(word, call);
    list.push(bytes ? quoted(bytes) : pointerText(word));
    if (list.length >= 32) return `[${list.join(', ')}, ...]`;
  }
});

/** The environment: how many. */
export const environment = entering((value, call) => {
  let count = 0;
  for (let at = value; count < 4096; at += BigInt(PTR_BYTES), count++) {
    const word = pointerAt(at, call);
    if (word === undefined) return pointerText(value);
    if (word === 0n) break;
  }
  return `${pointerText(value)} /* ${count} var${count === 1 ? '' : 's'} */`;
});

function pointerAt(at: bigint, call: TracedCall): bigint | undefined {
  const bytes = bytesAt(at, PTR_BYTES, call);
  return bytes && new DataView(bytes.buffer, bytes.byteOffset).getBigUint64(0, true);
}

// Files.
export function openFlagsText(value: number): string {
  const access = flags.openAccess[value & Open.ACCMODE] ?? '';
  const rest = value & ~Open.ACCMODE;
  return rest === 0 ? access : `${access}|${flagsText(rest, flags.openFlags, 'O')}`;
}

export const openFlags = entering((value) => openFlagsText(uint32(value)));
/** Where an access mode makes no sense: pipe2, dup3. */
export const openFlagsOnly = entering((value) => flagsText(uint32(value), flags.openFlags, 'O'));
export const octal = (value: number): string =>
  value === 0 ? '000' : `0${value.toString(8).padStart(2, '0')}`;
export const mode = entering((value) => octal(uint32(value)));
/** Counts only when the flags before it create something. */
export const openMode = (flagsAt: number): Kind =>
  entering((value, { args }) => {
    const given = uint32(args[flagsAt] ?? 0n);
    const creates = (given & Open.CREAT) !== 0 || (given & Open.TMPFILE) === Open.TMPFILE;
    return creates ? octal(uint32(value)) : undefined;
  });

const typeNames: ChoiceTable = {
  [FileType.FIFO]: 'S_IFIFO',
  [FileType.CHARACTER]: 'S_IFCHR',
  [FileType.DIRECTORY]: 'S_IFDIR',
  [FileType.BLOCK]: 'S_IFBLK',
  [FileType.REGULAR]: 'S_IFREG',
  [FileType.SYMLINK]: 'S_IFLNK',
  [FileType.SOCKET]: 'S_IFSOCK',
};
const setBits: FlagTable = [
  [0o4000, 'S_ISUID'],
  [0o2000, 'S_ISGID'],
  [0o1000, 'S_ISVTX'],
];

export function modeText(value: number): string {
  const type = typeNames[value & FileType.MASK] ?? octal(value & FileType.MASK);
  const special = value & 0o7000;
  return [type, ...(special ? [flagsText(special, setBits, 'S')] : []), octal(value & 0o777)].join('|');
}

export const nodeMode = entering((value) => modeText(uint32(value)));
const shortHex = (value: number): string => (value === 0 ? '0' : hexText(value));
const deviceText = (dev: number): string => `makedev(${shortHex(majorOf(dev))}, ${shortHex(minorOf(dev))})`;
const isDevice = (type: number): boolean => type === FileType.CHARACTER || type === FileType.BLOCK;

export const outStat = outStruct(files.stat, ({ st_mode, st_size, st_rdev }) => {
  const shown = isDevice(st_mode & FileType.MASK) ? `st_rdev=${deviceText(st_rdev)}` : `st_size=${st_size}`;
  return `{st_mode=${modeText(st_mode)}, ${shown}, ...}`;
});
export const outStatx = outStruct(files.statx, ({ stx_mask, stx_attributes, stx_mode, stx_size }) => {
  const mask = flagsText(stx_mask, flags.statxMask, 'STATX');
  return `{stx_mask=${mask}, stx_attributes=${stx_attributes}, stx_mode=${modeText(stx_mode)}, stx_size=${stx_size}, ...}`;
});
export const outStatfs = outStruct(files.statfs, (fs) => {
  const type = choiceText(fs.f_type, flags.fileSystemTypes, '').replace(/ \/.*/, '');
  const counts = `f_bsize=${fs.f_bsize}, f_blocks=${fs.f_blocks}, f_bfree=${fs.f_bfree}, f_bavail=${fs.f_bavail}`;
  const names = `f_files=${fs.f_files}, f_ffree=${fs.f_ffree}`;
  const fsid = `f_fsid={val=[${hexText(fs.f_fsid_low)}, ${hexText(fs.f_fsid_high)}]}`;
  return `{f_type=${type}, ${counts}, ${names}, ${fsid}, f_namelen=${fs.f_namelen}, f_frsize=${fs.f_frsize}, f_flags=${fs.f_flags}}`;
});
export const outEntries = leaving((value, call) => {
  const bytes = bytesAt(value, call.result ?? 0, call);
  return bytes ? `${pointerText(value)} /* ${countEntries(bytes)} entries */` : pointerText(value);
});

function countEntries(bytes: Uint8Array): number {
  let count = 0;
  for (let at = 0; at + 18 < bytes.length; count++) {
    const length = files.dirent64.decode(bytes, at).d_reclen;
    if (length === 0) break;
    at += length;
  }
  return count;
}

/** Vectors, with at most as many bytes as were moved. */
function vectorsText(value: bigint, count: number, call: TracedCall, moved: number): string {
  let rest = moved;
  return arrayText(value, count, files.iovec, {
    call,
    print: ({ iov_base, iov_len }) => {
      const shown = Math.min(rest, iov_len);
      rest -= shown;
      return `{iov_base=${bufferText(iov_base, shown, call)}, iov_len=${iov_len}}`;
    },
  });
}

export const inVectors = entering((value, call) =>
  vectorsText(value, int32(call.args[2] ?? 0n), call, Number.MAX_SAFE_INTEGER),
);
export const outVectors = leaving((value, call) =>
  vectorsText(value, int32(call.args[2] ?? 0n), call, call.result ?? 0),
);
export const descriptorPair = leaving((value, call) => {
  const bytes = bytesAt(value, 8, call);
  if (!bytes) return pointerText(value);
  const view = new DataView(bytes.buffer, bytes.byteOffset);
  return `[${view.getInt32(0, true)}, ${view.getInt32(4, true)}]`;
});
export const socketType = entering((value) => {
  const type = uint32(value);
  const extra = type & ~0xf;
  const name = choiceText(type & 0xf, flags.socketTypes, 'SOCK');
  return extra === 0 ? name : `${name}|${flagsText(extra, flags.socketTypeFlags, 'SOCK')}`;
});

// Waiting.
const descriptorsAt =
  (print: (record: { fd: number; events: number; revents: number }) => string) =>
  (value: bigint, call: TracedCall) =>
    arrayText(value, int32(call.args[1] ?? 0n), files.pollfd, { call, print });

export const pollDescriptors = entering(
  descriptorsAt(
    ({ fd: each, events }) => `{fd=${each}, events=${flagsText(events, flags.pollEvents, 'POLL')}}`,
  ),
);

const epollText = ({ events, data }: { events: number; data: bigint }): string => {
  const u32 = uint32(data);
  const u64 = data > 0xffff_ffffn ? hexText(data) : String(data);
  return `{events=${flagsText(events, flags.epollEvents, 'EPOLL')}, data={u32=${u32}, u64=${u64}}}`;
};
export const inEpollEvent = inStruct(files.epollEvent, epollText);
export const outEpollEvents = leaving((value, call) =>
  call.result === 0 ? '[]' : arrayText(value, call.result ?? 0, files.epollEvent, { call, print: epollText }),
);

/** The numbers of the bits set, for select and CPU sets. `bitsAt`: which argument, or how many bits. */
export function bitNumbers(value: bigint, bitCount: number, call: TracedCall): string {
  const bytes =
    bitCount < 0 || bitCount > MAX_BITS ? undefined : bytesAt(value, Math.ceil(bitCount / 64) * 8, call);
  if (!bytes) return pointerText(value);
  const set = Array.from({ length: bitCount }, (_, at) => at);
  return `[${set.filter((at) => ((bytes[at >> 3] ?? 0) >> (at & 7)) & 1).join(' ')}]`;
}

export const descriptorSet = entering((value, call) => bitNumbers(value, int32(call.args[0] ?? 0n), call));
/** mremap's fifth argument counts with MREMAP_FIXED. */
export const mremapTarget = entering((value, { args }) =>
  (uint32(args[3] ?? 0n) & 2) === 0 ? undefined : pointerText(value),
);
/** No flag of statx means AT_STATX_SYNC_AS_STAT. */
export const statxFlags = entering((value) => {
  const sync = ['AT_STATX_SYNC_AS_STAT', 'AT_STATX_FORCE_SYNC', 'AT_STATX_DONT_SYNC'];
  const given = uint32(value);
  const named = sync[(given >> 13) & 3] ?? 'AT_STATX_SYNC_TYPE';
  const rest = given & ~0x6000;
  return rest === 0 ? named : `${named}|${flagsText(rest, flags.atFlags, 'AT')}`;
});
export const outCpus = leaving((value, call) => bitNumbers(value, (call.result ?? 0) * 8, call));

// Times.
export const timespecText = ({ tv_sec, tv_nsec }: { tv_sec: number; tv_nsec: number }): string =>
  `{tv_sec=${tv_sec}, tv_nsec=${tv_nsec}}`;
export const timevalText = ({ tv_sec, tv_usec }: { tv_sec: number; tv_usec: number }): string =>
  `{tv_sec=${tv_sec}, tv_usec=${tv_usec}}`;
export const inTimespec = inStruct(times.timespec, timespecText);
export const outTimespec = outStruct(times.timespec, timespecText);
export const inTimeval = inStruct(times.timeval, timevalText);
export const outTimeval = outStruct(times.timeval, timevalText);

/** nanosleep's remainder, written only when interrupted. */
export const remainder: Kind = {
  when: 'exit',
  text: (value, call) => {
    const bytes = call.result === -4 ? bytesAt(value, 16, call) : undefined;
    return bytes ? timespecText(times.timespec.decode(bytes)) : pointerText(value);
  },
};

const UTIME_NOW = 0x3fff_ffff;
const UTIME_OMIT = 0x3fff_fffe;
const fileTime = ({ tv_sec, tv_nsec }: { tv_sec: number; tv_nsec: number }): string => {
  if (tv_nsec === UTIME_NOW) return 'UTIME_NOW';
  return tv_nsec === UTIME_OMIT ? 'UTIME_OMIT' : timespecText({ tv_sec, tv_nsec });
};
export const fileTimes = entering((value, call) =>
  value === 0n ? 'NULL' : arrayText(value, 2, times.timespec, { call, print: fileTime }),
);

const itimerText = (each: {
  interval_sec: number;
  interval_usec: number;
  value_sec: number;
  value_usec: number;
}) => {
  const interval = timevalText({ tv_sec: each.interval_sec, tv_usec: each.interval_usec });
  return `{it_interval=${interval}, it_value=${timevalText({ tv_sec: each.value_sec, tv_usec: each.value_usec })}}`;
};
export const inItimer = inStruct(times.itimerval, itimerText);
export const outItimer = outStruct(times.itimerval, itimerText);
export const outTms = outStruct(
  times.tms,
  ({ tms_utime, tms_stime, tms_cutime, tms_cstime }) =>
    `{tms_utime=${tms_utime}, tms_stime=${tms_stime}, tms_cutime=${tms_cutime}, tms_cstime=${tms_cstime}}`,
);

// Processes.
const RLIM_INFINITY = -1;
const limitText = (value: number): string => {
  if (value === RLIM_INFINITY) return 'RLIM64_INFINITY';
  return value > 1024 && value % 1024 === 0 ? `${value / 1024}*1024` : String(value);
};
const limitsText = ({ rlim_cur, rlim_max }: { rlim_cur: number; rlim_max: number }): string =>
  `{rlim_cur=${limitText(rlim_cur)}, rlim_max=${limitText(rlim_max)}}`;
export const inLimit = inStruct(processes.rlimit, limitsText);
export const outLimit = outStruct(processes.rlimit, limitsText);

export const outUsage = outStruct(processes.rusage, (usage) => {
  const user = timevalText({ tv_sec: usage.utime_sec, tv_usec: usage.utime_usec });
  return `{ru_utime=${user}, ru_stime=${timevalText({ tv_sec: usage.stime_sec, tv_usec: usage.stime_usec })}, ...}`;
});
export const outName = outStruct(
  processes.utsname,
  ({ sysname, nodename }) => `{sysname="${sysname}", nodename="${nodename}", ...}`,
);
export const outSysinfo = outStruct(
  processes.sysinfo,
  (info) =>
    `{uptime=${info.uptime}, loads=[${info.load1}, ${info.load5}, ${info.load15}], totalram=${info.totalram}, ` +
    `freeram=${info.freeram}, procs=${info.procs}, mem_unit=${info.mem_unit}, ...}`,
);

const EXIT_SIGNAL_MASK = 0xff;
export function cloneFlagsText(value: number, exitSignal: number): string {
  const named = flagsText(value & ~EXIT_SIGNAL_MASK, flags.cloneFlags, 'CLONE');
  if (exitSignal === 0) return named;
  return value >>> 8 === 0 ? signalText(exitSignal) : `${named}|${signalText(exitSignal)}`;
}

export const cloneArguments = inStruct(processes.cloneArgs, (args) => {
  const named = cloneFlagsText(Number(args.flags), 0);
  return `{flags=${named}, exit_signal=${signalText(args.exit_signal)}, stack=${pointerText(args.stack)}, stack_size=${hexText(args.stack_size)}, ...}`;
});

/** Thread name of PR_SET_NAME. */
export const threadName = (value: bigint, call: TracedCall): string => {
  const bytes = bytesAt(value, NAME_BYTES, call);
  if (!bytes) return pointerText(value);
  const end = bytes.indexOf(0);
  return quoted(bytes.subarray(0, end < 0 ? NAME_BYTES : end));
};

export const inSignals = entering((value, call) => setAt(value, call));
export const outSignals = leaving((value, call) => setAt(value, call));
