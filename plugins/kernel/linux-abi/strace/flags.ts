import { hexText } from './kind.js';

/** Bits and their names, in strace's order. Of overlapping ones the first that fits is taken. */
export type FlagTable = readonly (readonly [bits: number, name: string])[];
export type ChoiceTable = Readonly<Record<number, string>>;

/** `A|B|0x100`; `prefix` names the family of what is unknown. */
export function flagsText(value: number, table: FlagTable, prefix: string): string {
  const names: string[] = [];
  let rest = value >>> 0;
  for (const [bits, name] of table) {
    if (bits === 0 || (rest & bits) >>> 0 !== bits >>> 0) continue;
    names.push(name);
    rest = (rest & ~bits) >>> 0;
  }
  if (names.length === 0) return value === 0 ? zeroName(table) : `${hexText(rest)} /* ${prefix}_??? */`;
  return [...names, ...(rest ? [hexText(rest)] : [])].join('|');
}

const zeroName = (table: FlagTable): string => table.find(([bits]) => bits === 0)?.[1] ?? '0';

export const choiceText = (value: number, table: ChoiceTable, prefix: string): string =>
  table[value] ?? `${hexText(BigInt.asUintN(32, BigInt(value)))} /* ${prefix}_??? */`;

/** Names counted from 0. */
const counted = (prefix: string, names: string): ChoiceTable =>
  Object.fromEntries(names.split(' ').map((name, at) => [at, `${prefix}_${name}`]));

export const openAccess = counted('O', 'RDONLY WRONLY RDWR ACCMODE');
export const openFlags: FlagTable = [
  [0o100, 'O_CREAT'],
  [0o200, 'O_EXCL'],
  [0o400, 'O_NOCTTY'],
  [0o1000, 'O_TRUNC'],
  [0o2000, 'O_APPEND'],
  [0o4000, 'O_NONBLOCK'],
  [0o4010000, 'O_SYNC'],
  [0o10000, 'O_DSYNC'],
  [0o20000, 'O_ASYNC'],
  [0o40000, 'O_DIRECT'],
  [0o100000, 'O_LARGEFILE'],
  [0o400000, 'O_NOFOLLOW'],
  [0o1000000, 'O_NOATIME'],
  [0o2000000, 'O_CLOEXEC'],
  [0o10000000, 'O_PATH'],
  [0o20200000, 'O_TMPFILE'],
  [0o200000, 'O_DIRECTORY'],
];

export const atFlags: FlagTable = [
  [0x100, 'AT_SYMLINK_NOFOLLOW'],
  [0x200, 'AT_REMOVEDIR'],
  [0x400, 'AT_SYMLINK_FOLLOW'],
  [0x800, 'AT_NO_AUTOMOUNT'],
  [0x1000, 'AT_EMPTY_PATH'],
];
export const accessAtFlags: FlagTable = [
  [0x100, 'AT_SYMLINK_NOFOLLOW'],
  [0x200, 'AT_EACCESS'],
  [0x1000, 'AT_EMPTY_PATH'],
];
export const accessModes: FlagTable = [
  [0, 'F_OK'],
  [4, 'R_OK'],
  [2, 'W_OK'],
  [1, 'X_OK'],
];
export const protections: FlagTable = [
  [0, 'PROT_NONE'],
  [1, 'PROT_READ'],
  [2, 'PROT_WRITE'],
  [4, 'PROT_EXEC'],
];
export const mapFlags: FlagTable = [
  [3, 'MAP_SHARED_VALIDATE'],
  [1, 'MAP_SHARED'],
  [2, 'MAP_PRIVATE'],
  [0x10, 'MAP_FIXED'],
  [0x20, 'MAP_ANONYMOUS'],
  [0x40, 'MAP_32BIT'],
  [0x4000, 'MAP_NORESERVE'],
  [0x8000, 'MAP_POPULATE'],
  [0x10000, 'MAP_NONBLOCK'],
  [0x100, 'MAP_GROWSDOWN'],
  [0x800, 'MAP_DENYWRITE'],
  [0x1000, 'MAP_EXECUTABLE'],
  [0x2000, 'MAP_LOCKED'],
  [0x20000, 'MAP_STACK'],
  [0x40000, 'MAP_HUGETLB'],
  [0x80000, 'MAP_SYNC'],
  [0x100000, 'MAP_FIXED_NOREPLACE'],
];
export const mremapFlags: FlagTable = [
  [1, 'MREMAP_MAYMOVE'],
  [2, 'MREMAP_FIXED'],
  [4, 'MREMAP_DONTUNMAP'],
];
export const madvice: ChoiceTable = {
  ...counted('MADV', 'NORMAL RANDOM SEQUENTIAL WILLNEED DONTNEED'),
  8: 'MADV_FREE',
  9: 'MADV_REMOVE',
  10: 'MADV_DONTFORK',
  11: 'MADV_DOFORK',
  14: 'MADV_HUGEPAGE',
  15: 'MADV_NOHUGEPAGE',
  16: 'MADV_DONTDUMP',
  20: 'MADV_COLD',
  21: 'MADV_PAGEOUT',
};
export const cloneFlags: FlagTable = [
  [0x100, 'CLONE_VM'],
  [0x200, 'CLONE_FS'],
  [0x400, 'CLONE_FILES'],
  [0x800, 'CLONE_SIGHAND'],
  [0x1000, 'CLONE_PIDFD'],
  [0x2000, 'CLONE_PTRACE'],
  [0x4000, 'CLONE_VFORK'],
  [0x8000, 'CLONE_PARENT'],
  [0x10000, 'CLONE_THREAD'],
  [0x20000, 'CLONE_NEWNS'],
  [0x40000, 'CLONE_SYSVSEM'],
  [0x80000, 'CLONE_SETTLS'],
  [0x100000, 'CLONE_PARENT_SETTID'],
  [0x200000, 'CLONE_CHILD_CLEARTID'],
  [0x400000, 'CLONE_DETACHED'],
  [0x800000, 'CLONE_UNTRACED'],
  [0x1000000, 'CLONE_CHILD_SETTID'],
];
export const sigactionFlags: FlagTable = [
  [0x4000000, 'SA_RESTORER'],
  [0x8000000, 'SA_ONSTACK'],
  [0x10000000, 'SA_RESTART'],
  [0x40000000, 'SA_NODEFER'],
  [0x80000000, 'SA_RESETHAND'],
  [4, 'SA_SIGINFO'],
  [1, 'SA_NOCLDSTOP'],
  [2, 'SA_NOCLDWAIT'],
];
export const stackFlags: FlagTable = [
  [1, 'SS_ONSTACK'],
  [2, 'SS_DISABLE'],
  [0x80000000, 'SS_AUTODISARM'],
];
export const waitFlags: FlagTable = [
  [1, 'WNOHANG'],
  [2, 'WSTOPPED'],
  [4, 'WEXITED'],
  [8, 'WCONTINUED'],
  [0x1000000, 'WNOWAIT'],
  [0x20000000, '__WNOTHREAD'],
  [0x40000000, '__WALL'],
  [0x80000000, '__WCLONE'],
];
export const pollEvents: FlagTable = [
  [1, 'POLLIN'],
  [2, 'POLLPRI'],
  [4, 'POLLOUT'],
  [0x40, 'POLLRDNORM'],
  [0x80, 'POLLRDBAND'],
  [0x100, 'POLLWRNORM'],
  [0x200, 'POLLWRBAND'],
  [8, 'POLLERR'],
  [0x10, 'POLLHUP'],
  [0x20, 'POLLNVAL'],
  [0x2000, 'POLLRDHUP'],
];
export const epollEvents: FlagTable = [
  ...pollEvents.map(([bits, name]): [number, string] => [bits, `E${name}`]),
  [0x10000000, 'EPOLLEXCLUSIVE'],
  [0x20000000, 'EPOLLWAKEUP'],
  [0x40000000, 'EPOLLONESHOT'],
  [0x80000000, 'EPOLLET'],
];
export const descriptorFlags = (family: string): FlagTable => [
  [1, `${family}_SEMAPHORE`],
  [0o4000, `${family}_NONBLOCK`],
  [0o2000000, `${family}_CLOEXEC`],
];
export const closeOnExec: FlagTable = [[1, 'FD_CLOEXEC']];
export const randomFlags: FlagTable = [
  [1, 'GRND_NONBLOCK'],
  [2, 'GRND_RANDOM'],
  [4, 'GRND_INSECURE'],
];
export const renameFlags: FlagTable = [
  [1, 'RENAME_NOREPLACE'],
  [2, 'RENAME_EXCHANGE'],
  [4, 'RENAME_WHITEOUT'],
];
export const memfdFlags: FlagTable = [
  [1, 'MFD_CLOEXEC'],
  [2, 'MFD_ALLOW_SEALING'],
  [4, 'MFD_HUGETLB'],
];
export const statxMask: FlagTable = [
  [0xfff, 'STATX_ALL'],
  [0x7ff, 'STATX_BASIC_STATS'],
  [1, 'STATX_TYPE'],
  [2, 'STATX_MODE'],
  [4, 'STATX_NLINK'],
  [8, 'STATX_UID'],
  [0x10, 'STATX_GID'],
  [0x20, 'STATX_ATIME'],
  [0x40, 'STATX_MTIME'],
  [0x80, 'STATX_CTIME'],
  [0x100, 'STATX_INO'],
  [0x200, 'STATX_SIZE'],
  [0x400, 'STATX_BLOCKS'],
  [0x800, 'STATX_BTIME'],
  [0x1000, 'STATX_MNT_ID'],
];
export const socketTypeFlags: FlagTable = [
  [0o2000000, 'SOCK_CLOEXEC'],
  [0o4000, 'SOCK_NONBLOCK'],
];

export const whence = counted('SEEK', 'SET CUR END DATA HOLE');
export const fcntlCommands: ChoiceTable = {
  ...counted('F', 'DUPFD GETFD SETFD GETFL SETFL GETLK SETLK SETLKW SETOWN GETOWN SETSIG GETSIG'),
  36: 'F_OFD_GETLK',
  37: 'F_OFD_SETLK',
  38: 'F_OFD_SETLKW',
  1024: 'F_SETLEASE',
  1025: 'F_GETLEASE',
  1030: 'F_DUPFD_CLOEXEC',
  1031: 'F_SETPIPE_SZ',
  1032: 'F_GETPIPE_SZ',
  1033: 'F_ADD_SEALS',
  1034: 'F_GET_SEALS',
};
export const lockTypes = counted('F', 'RDLCK WRLCK UNLCK');
export const flockOperations: FlagTable = [
  [1, 'LOCK_SH'],
  [2, 'LOCK_EX'],
  [8, 'LOCK_UN'],
  [4, 'LOCK_NB'],
];
export const sigprocmaskHow = counted('SIG', 'BLOCK UNBLOCK SETMASK');
export const clocks: ChoiceTable = counted(
  'CLOCK',
  'REALTIME MONOTONIC PROCESS_CPUTIME_ID THREAD_CPUTIME_ID MONOTONIC_RAW REALTIME_COARSE MONOTONIC_COARSE BOOTTIME ' +
    'REALTIME_ALARM BOOTTIME_ALARM SGI_CYCLE TAI',
);
export const timerFlags: FlagTable = [[1, 'TIMER_ABSTIME']];
export const intervalTimers = counted('ITIMER', 'REAL VIRTUAL PROF');
export const resources = counted(
  'RLIMIT',
  'CPU FSIZE DATA STACK CORE RSS NPROC NOFILE MEMLOCK AS LOCKS SIGPENDING MSGQUEUE NICE RTPRIO RTTIME',
);
export const usageWho: ChoiceTable = { [-1]: 'RUSAGE_CHILDREN', 0: 'RUSAGE_SELF', 1: 'RUSAGE_THREAD' };
export const waitidTypes: ChoiceTable = counted('P', 'ALL PID PGID PIDFD');
export const epollOperations: ChoiceTable = { 1: 'EPOLL_CTL_ADD', 2: 'EPOLL_CTL_DEL', 3: 'EPOLL_CTL_MOD' };
export const archPrctl: ChoiceTable = {
  0x1001: 'ARCH_SET_GS',
  0x1002: 'ARCH_SET_FS',
  0x1003: 'ARCH_GET_FS',
  0x1004: 'ARCH_GET_GS',
  0x1011: 'ARCH_GET_CPUID',
  0x1012: 'ARCH_SET_CPUID',
  0x3001: 'ARCH_CET_STATUS',
};
export const prctlOptions: ChoiceTable = {
  1: 'PR_SET_PDEATHSIG',
  2: 'PR_GET_PDEATHSIG',
  3: 'PR_GET_DUMPABLE',
  4: 'PR_SET_DUMPABLE',
  8: 'PR_SET_KEEPCAPS',
  15: 'PR_SET_NAME',
  16: 'PR_GET_NAME',
  21: 'PR_GET_SECCOMP',
  22: 'PR_SET_SECCOMP',
  23: 'PR_CAPBSET_READ',
  29: 'PR_SET_TIMERSLACK',
  36: 'PR_SET_CHILD_SUBREAPER',
  38: 'PR_SET_NO_NEW_PRIVS',
  39: 'PR_GET_NO_NEW_PRIVS',
  0x53564d41: 'PR_SET_VMA',
};
export const futexOperations = counted(
  'FUTEX',
  'WAIT WAKE FD REQUEUE CMP_REQUEUE WAKE_OP LOCK_PI UNLOCK_PI TRYLOCK_PI WAIT_BITSET WAKE_BITSET WAIT_REQUEUE_PI ' +
    'CMP_REQUEUE_PI LOCK_PI2',
);
export const socketFamilies: ChoiceTable = {
  0: 'AF_UNSPEC',
  1: 'AF_UNIX',
  2: 'AF_INET',
  10: 'AF_INET6',
  16: 'AF_NETLINK',
};
export const socketTypes: ChoiceTable = {
  1: 'SOCK_STREAM',
  2: 'SOCK_DGRAM',
  3: 'SOCK_RAW',
  5: 'SOCK_SEQPACKET',
};
export const fileSystemTypes: ChoiceTable = {
  0xef53: 'EXT2_SUPER_MAGIC',
  0x9fa0: 'PROC_SUPER_MAGIC',
  0x01021994: 'TMPFS_MAGIC',
  0x794c7630: 'OVERLAYFS_SUPER_MAGIC',
  0x9123683e: 'BTRFS_SUPER_MAGIC',
  0x58465342: 'XFS_SUPER_MAGIC',
};
