/** Constants of redox_syscall 0.9. Flag words are numbers below 2^53: test bits with `has`, not with `&` beyond 2^31. */

/** Flags of OPENAT_INTO; the low 16 bits hold the mode of a file that is created. O_RDWR is O_RDONLY | O_WRONLY. */
export const Open = {
  RDONLY: 0x0001_0000,
  WRONLY: 0x0002_0000,
  RDWR: 0x0003_0000,
  ACCMODE: 0x0003_0000,
  NONBLOCK: 0x0004_0000,
  APPEND: 0x0008_0000,
  SHLOCK: 0x0010_0000,
  EXLOCK: 0x0020_0000,
  ASYNC: 0x0040_0000,
  FSYNC: 0x0080_0000,
  /** Known to libc only: the kernel has no close-on-exec. */
  CLOEXEC: 0x0100_0000,
  CREAT: 0x0200_0000,
  TRUNC: 0x0400_0000,
  EXCL: 0x0800_0000,
  DIRECTORY: 0x1000_0000,
  STAT: 0x2000_0000,
  SYMLINK: 0x4000_0000,
  NOFOLLOW: 0x8000_0000,
  FCNTL_MASK: 0x00cc_0000,
  MODE_MASK: 0xffff,
} as const;

export const AT_REMOVEDIR = 0x200;

export const Protection = { NONE: 0, EXEC: 0x0001_0000, WRITE: 0x0002_0000, READ: 0x0004_0000 } as const;

/** FIXED_NOREPLACE includes the bit of FIXED. Without SHARED a mapping is private. */
export const MapFlag = { SHARED: 1, PRIVATE: 2, FIXED: 4, FIXED_NOREPLACE: 0xc, LAZY: 0x10 } as const;
export const MremapFlag = { FIXED: 1, FIXED_REPLACE: 3, KEEP_OLD: 4 } as const;
export const GrantFlag = {
  READ: 1,
  WRITE: 2,
  EXEC: 4,
  SHARED: 8,
  LAZY: 0x10,
  SCHEME: 0x20,
  PHYS: 0x40,
  PINNED: 0x80,
  PHYS_CONTIGUOUS: 0x100,
} as const;

export const Fcntl = { DUPFD: 0, GETFD: 1, SETFD: 2, GETFL: 3, SETFL: 4 } as const;
export const EventFlag = { NONE: 0, READ: 1, WRITE: 2 } as const;
export const Clock = { REALTIME: 1, MONOTONIC: 4 } as const;
export const Seek = { SET: 0, CUR: 1, END: 2 } as const;
export const RwFlag = { NONBLOCK: 1, APPEND: 2 } as const;
export const NewFdFlag = { POSITIONED: 1 } as const;
export const FutexOp = { WAIT: 0, WAKE: 1, REQUEUE: 2, WAIT64: 3 } as const;

/** The offset of a READ or WRITE on a description without a position: u64::MAX, which signed is -1. */
export const NO_OFFSET = -1;
/** rwflags of READ2 and WRITE2 that mean "those of the description": usize::MAX. */
export const DESCRIPTION_FLAGS = -1;
/** In FMAP and addrspace commands: no file, anonymous memory. */
export const NO_FD = -1;
/** Pseudo descriptor for the timeout of an event queue: usize::MAX - 2. */
export const EVENT_TIMEOUT_ID = -3;

export const Mode = {
  TYPE: 0xf000,
  FIFO: 0x1000,
  CHR: 0x2000,
  DIR: 0x4000,
  FILE: 0x8000,
  SYMLINK: 0xa000,
  SOCK: 0xc000,
  PERM: 0xfff,
  SETUID: 0o4000,
  SETGID: 0o2000,
} as const;

/** Bits 8 and up of the fourth argument of CALL; bits 0..7 count metadata words. */
export const CallFlag = {
  CONSUME: 1 << 8,
  WRITE: 1 << 9,
  READ: 1 << 10,
  FD: 1 << 11,
  FD_EXCLUSIVE: 1 << 12,
  FD_CLONE: 1 << 13,
  FD_UPPER: 1 << 14,
  FD_CLOEXEC: 1 << 15,
  STD_FS: 1 << 16,
  MULTIPLE_FDS: 1 << 17,
} as const;
export const CALL_METADATA_MASK = 0xff;
export const ALL_CALL_FLAGS = 0x3_ff00;

/** First metadata word (low byte) of a CALL with STD_FS. */
export const StdFsCall = {
  FCHMOD: 1,
  FCHOWN: 2,
  GETDENTS: 3,
  FSTAT: 4,
  FSTATVFS: 5,
  FSYNC: 6,
  FTRUNCATE: 7,
  FUTIMENS: 8,
  RELPATHAT: 11,
  LOCK: 12,
  UNLOCK: 13,
  GETLOCK: 14,
} as const;

export const SendFdFlag = { EXCLUSIVE: 1, CLONE: 2 } as const;
/** Descriptor numbers with this bit (62) lie in the second, upper table. */
export const UPPER_FDTBL_TAG = 2 ** 62;

export const PATH_MAX = 4096;
export const PAGE_BYTES = 4096;
/** Longest run of bytes the kernel moves in one READ, WRITE or CALL; what is longer comes back short. */
export const MAX_TRANSFER_BYTES = 65_536;

/** Tests one or more bits of a flag word of up to 53 bits. */
export function has(word: number, bits: number): boolean {
  const low = bits >>> 0;
  const high = Math.floor(bits / 2 ** 32);
  return (word & low) >>> 0 === low && (Math.floor(word / 2 ** 32) & high) === high;
}
