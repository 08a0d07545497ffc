/** Linux x86-64 values (asm-generic/fcntl.h, uapi/linux/fcntl.h, uapi/linux/stat.h). */
export const Open = {
  RDONLY: 0,
  WRONLY: 1,
  RDWR: 2,
  ACCMODE: 3,
  CREAT: 0o100,
  EXCL: 0o200,
  NOCTTY: 0o400,
  TRUNC: 0o1000,
  APPEND: 0o2000,
  NONBLOCK: 0o4000,
  DSYNC: 0o10000,
  ASYNC: 0o20000,
  DIRECT: 0o40000,
  LARGEFILE: 0o100000,
  DIRECTORY: 0o200000,
  NOFOLLOW: 0o400000,
  NOATIME: 0o1000000,
  CLOEXEC: 0o2000000,
  SYNC: 0o4010000,
  PATH: 0o10000000,
  /** Its own bit together with DIRECTORY. */
  TMPFILE: 0o20200000,
} as const;

export const At = {
  FDCWD: -100,
  SYMLINK_NOFOLLOW: 0x100,
  EACCESS: 0x200,
  REMOVEDIR: 0x200,
  SYMLINK_FOLLOW: 0x400,
  NO_AUTOMOUNT: 0x800,
  EMPTY_PATH: 0x1000,
} as const;

export const Rename = { NOREPLACE: 1, EXCHANGE: 2, WHITEOUT: 4 } as const;

/** The type bits of a mode. */
export const FileType = {
  MASK: 0o170000,
  FIFO: 0o010000,
  CHARACTER: 0o020000,
  DIRECTORY: 0o040000,
  BLOCK: 0o060000,
  REGULAR: 0o100000,
  SYMLINK: 0o120000,
  SOCKET: 0o140000,
} as const;

export const Mode = { SETUID: 0o4000, SETGID: 0o2000, STICKY: 0o1000, ALL: 0o7777 } as const;

/** Bits of access(2), and of one rwx group of a mode. */
export const Access = { EXISTS: 0, EXECUTE: 1, WRITE: 2, READ: 4 } as const;

export const reads = (flags: number): boolean => (flags & Open.ACCMODE) !== Open.WRONLY;
export const writes = (flags: number): boolean => (flags & Open.ACCMODE) !== Open.RDONLY;
