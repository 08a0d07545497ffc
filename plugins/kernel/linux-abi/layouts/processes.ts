import { layout } from '../../../../core/abi/wire.js';

export const rusage = layout('rusage', 144, {
  utime_sec: [0, 'u64'],
  utime_usec: [8, 'u64'],
  stime_sec: [16, 'u64'],
  stime_usec: [24, 'u64'],
  ru_maxrss: [32, 'u64'],
  ru_minflt: [64, 'u64'],
  ru_majflt: [72, 'u64'],
  ru_nvcsw: [128, 'u64'],
  ru_nivcsw: [136, 'u64'],
});

/** -1 is RLIM_INFINITY. */
export const rlimit = layout('rlimit', 16, { rlim_cur: [0, 'u64'], rlim_max: [8, 'u64'] });

const NAME_BYTES = 65;

export const utsname = layout('utsname', 6 * NAME_BYTES, {
  sysname: [0, { text: NAME_BYTES }],
  nodename: [NAME_BYTES, { text: NAME_BYTES }],
  release: [2 * NAME_BYTES, { text: NAME_BYTES }],
  version: [3 * NAME_BYTES, { text: NAME_BYTES }],
  machine: [4 * NAME_BYTES, { text: NAME_BYTES }],
  domainname: [5 * NAME_BYTES, { text: NAME_BYTES }],
});

export const sysinfo = layout('sysinfo', 112, {
  uptime: [0, 'u64'],
  load1: [8, 'u64'],
  load5: [16, 'u64'],
  load15: [24, 'u64'],
  totalram: [32, 'u64'],
  freeram: [40, 'u64'],
  sharedram: [48, 'u64'],
  bufferram: [56, 'u64'],
  totalswap: [64, 'u64'],
  freeswap: [72, 'u64'],
  procs: [80, 'u16'],
  totalhigh: [88, 'u64'],
  freehigh: [96, 'u64'],
  mem_unit: [104, 'u32'],
});

/** The kernel's, not the C library's. */
export const sigaction = layout('kernel_sigaction', 32, {
  handler: [0, 'x64'],
  flags: [8, 'x64'],
  restorer: [16, 'x64'],
  mask: [24, 'x64'],
});

export const sigaltstack = layout('stack_t', 24, {
  ss_sp: [0, 'x64'],
  ss_flags: [8, 'i32'],
  ss_size: [16, 'u64'],
});

/** The head of siginfo_t, and the fields of kill and child signals. */
export const siginfo = layout('siginfo_t', 128, {
  si_signo: [0, 'i32'],
  si_errno: [4, 'i32'],
  si_code: [8, 'i32'],
  si_pid: [16, 'i32'],
  si_uid: [20, 'u32'],
  si_status: [24, 'i32'],
  si_utime: [32, 'u64'],
  si_stime: [40, 'u64'],
});

/** Where a fault was; shares its place with si_pid. */
export const siginfoFault = layout('siginfo_t of a fault', 128, {
  si_signo: [0, 'i32'],
  si_code: [8, 'i32'],
  si_addr: [16, 'x64'],
});

/** CLONE_ARGS_SIZE_VER2. */
export const cloneArgs = layout('clone_args', 88, {
  flags: [0, 'x64'],
  pidfd: [8, 'x64'],
  child_tid: [16, 'x64'],
  parent_tid: [24, 'x64'],
  exit_signal: [32, 'u64'],
  stack: [40, 'x64'],
  stack_size: [48, 'u64'],
  tls: [56, 'x64'],
  set_tid: [64, 'x64'],
  set_tid_size: [72, 'u64'],
  cgroup: [80, 'u64'],
});
