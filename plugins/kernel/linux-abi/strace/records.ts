import * as flags from './flags.js';
import type { Kind } from './kind.js';
import * as k from './kinds.js';
import { bits, choice } from './kinds.js';
import * as m from './multiplexed.js';
import * as s from './signal-text.js';
import { inAddress, outAddress, outLength } from './socket-address.js';

/** How the arguments of each call are printed. Calls that are missing print six registers. */
export type Records = Readonly<Record<string, readonly Kind[]>>;

const at = bits(flags.atFlags, 'AT');
const nodeAt = [k.dirfd, k.path] as const;
const pathMode = [k.path, k.mode] as const;
const ids = [k.id, k.id] as const;
const accessMode = bits(flags.accessModes, 'R');
const whence = choice(flags.whence, 'SEEK');
const clock = choice(flags.clocks, 'CLOCK');
const resource = choice(flags.resources, 'RLIMIT');
const protection = bits(flags.protections, 'PROT');
const waitOptions = bits(flags.waitFlags, 'W');
const family = choice(flags.socketFamilies, 'AF');
const pair = [k.path, k.path] as const;
const pairAt = [...nodeAt, ...nodeAt] as const;
const eventFlags = (name: string) => bits(flags.descriptorFlags(name), name);
const vectors = [k.fd, k.inVectors, k.int] as const;
const vectorsOut = [k.fd, k.outVectors, k.int] as const;

const transfer: Records = {
  read: [k.fd, k.outBytes, k.size],
  write: [k.fd, k.inBytes(2), k.size],
  pread64: [k.fd, k.outBytes, k.size, k.long],
  pwrite64: [k.fd, k.inBytes(2), k.size, k.long],
  readv: vectorsOut,
  writev: vectors,
  preadv: [...vectorsOut, k.long],
  pwritev: [...vectors, k.long],
  lseek: [k.fd, k.long, whence],
  sendfile: [k.fd, k.fd, k.pointer, k.size],
  copy_file_range: [k.fd, k.pointer, k.fd, k.pointer, k.size, k.uint],
  splice: [k.fd, k.pointer, k.fd, k.pointer, k.size, k.hex],
  fsync: [k.fd],
  fdatasync: [k.fd],
  sync: [],
  ftruncate: [k.fd, k.size],
  truncate: [k.path, k.size],
  fallocate: [k.fd, k.int, k.long, k.long],
  fadvise64: [k.fd, k.long, k.size, k.int],
  getrandom: [k.randomBytes, k.size, bits(flags.randomFlags, 'GRND')],
};

const descriptors: Records = {
  open: [k.path, k.openFlags, k.openMode(1)],
  openat: [...nodeAt, k.openFlags, k.openMode(2)],
  creat: pathMode,
  close: [k.fd],
  close_range: [k.uint, k.uint, k.hex],
  dup: [k.fd],
  dup2: [k.fd, k.fd],
  dup3: [k.fd, k.fd, k.openFlagsOnly],
  pipe: [k.descriptorPair],
  pipe2: [k.descriptorPair, k.openFlagsOnly],
  fcntl: [k.fd, choice(flags.fcntlCommands, 'F'), m.fcntlArgument],
  flock: [k.fd, bits(flags.flockOperations, 'LOCK')],
  ioctl: [k.fd, m.ioctlRequest, m.ioctlArgument],
  eventfd: [k.uint],
  eventfd2: [k.uint, eventFlags('EFD')],
  memfd_create: [k.string, bits(flags.memfdFlags, 'MFD')],
  timerfd_create: [clock, eventFlags('TFD')],
  signalfd4: [k.fd, k.inSignals, k.size, eventFlags('SFD')],
  inotify_init1: [eventFlags('IN')],
};

const names: Records = {
  stat: [k.path, k.outStat],
  lstat: [k.path, k.outStat],
  fstat: [k.fd, k.outStat],
  newfstatat: [...nodeAt, k.outStat, at],
  statx: [...nodeAt, k.statxFlags, bits(flags.statxMask, 'STATX'), k.outStatx],
  statfs: [k.path, k.outStatfs],
  fstatfs: [k.fd, k.outStatfs],
  access: [k.path, accessMode],
  faccessat: [...nodeAt, accessMode],
  faccessat2: [...nodeAt, accessMode, bits(flags.accessAtFlags, 'AT')],
  getcwd: [k.outString, k.size],
  chdir: [k.path],
  fchdir: [k.fd],
  chroot: [k.path],
  mkdir: pathMode,
  mkdirat: [...nodeAt, k.mode],
  rmdir: [k.path],
  mknod: [k.path, k.nodeMode, k.device],
  mknodat: [...nodeAt, k.nodeMode, k.device],
  link: pair,
  linkat: [...pairAt, at],
  symlink: pair,
  symlinkat: [k.path, ...nodeAt],
  readlink: [k.path, k.outBytes, k.size],
  readlinkat: [...nodeAt, k.outBytes, k.size],
  unlink: [k.path],
  unlinkat: [...nodeAt, at],
  rename: pair,
  renameat: pairAt,
  renameat2: [...pairAt, bits(flags.renameFlags, 'RENAME')],
  chmod: pathMode,
  fchmod: [k.fd, k.mode],
  fchmodat: [...nodeAt, k.mode],
  chown: [k.path, ...ids],
  lchown: [k.path, ...ids],
  fchown: [k.fd, ...ids],
  fchownat: [...nodeAt, ...ids, at],
  umask: [k.mode],
  utimensat: [...nodeAt, k.fileTimes, at],
  getdents64: [k.fd, k.outEntries, k.size],
};

const memory: Records = {
  brk: [k.pointer],
  mmap: [k.pointer, k.size, protection, bits(flags.mapFlags, 'MAP'), k.fd, k.fileOffset],
  munmap: [k.pointer, k.size],
  mprotect: [k.pointer, k.size, protection],
  mremap: [k.pointer, k.size, k.size, bits(flags.mremapFlags, 'MREMAP'), k.mremapTarget],
  madvise: [k.pointer, k.size, choice(flags.madvice, 'MADV')],
  msync: [k.pointer, k.size, k.hex],
  mincore: [k.pointer, k.size, k.pointer],
  mlock: [k.pointer, k.size],
  munlock: [k.pointer, k.size],
};

const processes: Records = {
  execve: [k.path, k.strings, k.environment],
  execveat: [...nodeAt, k.strings, k.environment, at],
  exit: [k.int],
  exit_group: [k.int],
  fork: [],
  vfork: [],
  clone3: [k.cloneArguments, k.size],
  wait4: [k.pid, s.outWaitStatus, waitOptions, k.outUsage],
  waitid: [choice(flags.waitidTypes, 'P'), k.pid, k.pointer, waitOptions, k.outUsage],
  kill: [k.pid, k.signal],
  tkill: [k.pid, k.signal],
  tgkill: [k.pid, k.pid, k.signal],
  ...Object.fromEntries(
    'getpid getppid gettid getuid geteuid getgid getegid getpgrp setsid pause sched_yield'
      .split(' ')
      .map((name) => [name, []]),
  ),
  getpgid: [k.pid],
  getsid: [k.pid],
  setpgid: [k.pid, k.pid],
  setuid: [k.id],
  setgid: [k.id],
  setreuid: ids,
  setregid: ids,
  setresuid: [...ids, k.id],
  setresgid: [...ids, k.id],
  getgroups: [k.int, k.pointer],
  setgroups: [k.int, k.pointer],
  getresuid: [k.pointer, k.pointer, k.pointer],
  getresgid: [k.pointer, k.pointer, k.pointer],
  getpriority: [k.int, k.pid],
  setpriority: [k.int, k.pid, k.int],
  getrlimit: [resource, k.outLimit],
  setrlimit: [resource, k.inLimit],
  prlimit64: [k.pid, resource, k.inLimit, k.outLimit],
  getrusage: [choice(flags.usageWho, 'RUSAGE'), k.outUsage],
  prctl: [choice(flags.prctlOptions, 'PR'), m.prctlArgument, m.prctlRest, m.prctlRest, m.prctlRest],
  arch_prctl: [choice(flags.archPrctl, 'ARCH'), k.pointer],
  set_tid_address: [k.pointer],
  set_robust_list: [k.pointer, k.size],
  rseq: [k.pointer, k.hex, k.hexOrZero, k.hex],
  futex: [k.pointer, m.futexOperation, k.uint, m.futexTimeout, m.futexOther, m.futexLast],
  sched_getaffinity: [k.pid, k.size, k.outCpus],
  sched_setaffinity: [k.pid, k.size, k.pointer],
  uname: [k.outName],
  sysinfo: [k.outSysinfo],
};

const signals: Records = {
  rt_sigaction: [k.signal, s.inAction, s.outAction, k.size],
  rt_sigprocmask: [choice(flags.sigprocmaskHow, 'SIG'), k.inSignals, k.outSignals, k.size],
  rt_sigpending: [k.outSignals, k.size],
  rt_sigsuspend: [k.inSignals, k.size],
  rt_sigtimedwait: [k.inSignals, k.pointer, k.inTimespec, k.size],
  rt_sigreturn: [s.returnedMask],
  sigaltstack: [s.inStack, s.outStack],
};

const times: Records = {
  nanosleep: [k.inTimespec, k.remainder],
  clock_nanosleep: [clock, bits(flags.timerFlags, 'TIMER'), k.inTimespec, k.remainder],
  clock_gettime: [clock, k.outTimespec],
  clock_getres: [clock, k.outTimespec],
  clock_settime: [clock, k.inTimespec],
  gettimeofday: [k.outTimeval, k.pointer],
  time: [k.outPointer],
  times: [k.outTms],
  alarm: [k.uint],
  setitimer: [choice(flags.intervalTimers, 'ITIMER'), k.inItimer, k.outItimer],
  getitimer: [choice(flags.intervalTimers, 'ITIMER'), k.outItimer],
};

const waiting: Records = {
  poll: [k.pollDescriptors, k.uint, k.int],
  ppoll: [k.pollDescriptors, k.uint, k.inTimespec, k.inSignals, k.size],
  select: [k.int, k.descriptorSet, k.descriptorSet, k.descriptorSet, k.inTimeval],
  pselect6: [k.int, k.descriptorSet, k.descriptorSet, k.descriptorSet, k.inTimespec, k.pointer],
  epoll_create: [k.int],
  epoll_create1: [eventFlags('EPOLL')],
  epoll_ctl: [k.fd, choice(flags.epollOperations, 'EPOLL_CTL'), k.fd, k.inEpollEvent],
  epoll_wait: [k.fd, k.outEpollEvents, k.int, k.int],
  epoll_pwait: [k.fd, k.outEpollEvents, k.int, k.int, k.inSignals, k.size],
};

const sockets: Records = {
  socket: [family, k.socketType, k.int],
  socketpair: [family, k.socketType, k.int, k.descriptorPair],
  bind: [k.fd, inAddress(2), k.int],
  connect: [k.fd, inAddress(2), k.int],
  listen: [k.fd, k.int],
  accept: [k.fd, outAddress(2), outLength],
  accept4: [k.fd, outAddress(2), outLength, bits(flags.socketTypeFlags, 'SOCK')],
  getsockname: [k.fd, outAddress(2), outLength],
  getpeername: [k.fd, outAddress(2), outLength],
  sendto: [k.fd, k.inBytes(2), k.size, k.hexOrZero, inAddress(5), k.uint],
  recvfrom: [k.fd, k.outBytes, k.size, k.hexOrZero, outAddress(5), outLength],
  shutdown: [k.fd, k.int],
  setsockopt: [k.fd, k.int, k.int, k.pointer, k.int],
  getsockopt: [k.fd, k.int, k.int, k.pointer, outLength],
};

export const records: Records = {
  ...transfer,
  ...descriptors,
  ...names,
  ...memory,
  ...processes,
  ...signals,
  ...times,
  ...waiting,
  ...sockets,
};
