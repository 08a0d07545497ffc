import { layout } from '../../../../core/abi/wire.js';

export const stat = layout('stat', 144, {
  st_dev: [0, 'u64'],
  st_ino: [8, 'u64'],
  st_nlink: [16, 'u64'],
  st_mode: [24, 'u32'],
  st_uid: [28, 'u32'],
  st_gid: [32, 'u32'],
  st_rdev: [40, 'u64'],
  st_size: [48, 'u64'],
  st_blksize: [56, 'u64'],
  st_blocks: [64, 'u64'],
  st_atime_sec: [72, 'u64'],
  st_atime_nsec: [80, 'u64'],
  st_mtime_sec: [88, 'u64'],
  st_mtime_nsec: [96, 'u64'],
  st_ctime_sec: [104, 'u64'],
  st_ctime_nsec: [112, 'u64'],
});

export const statx = layout('statx', 256, {
  stx_mask: [0, 'u32'],
  stx_blksize: [4, 'u32'],
  stx_attributes: [8, 'u64'],
  stx_nlink: [16, 'u32'],
  stx_uid: [20, 'u32'],
  stx_gid: [24, 'u32'],
  stx_mode: [28, 'u16'],
  stx_ino: [32, 'u64'],
  stx_size: [40, 'u64'],
  stx_blocks: [48, 'u64'],
  stx_attributes_mask: [56, 'u64'],
  stx_atime_sec: [64, 'u64'],
  stx_atime_nsec: [72, 'u32'],
  stx_btime_sec: [80, 'u64'],
  stx_btime_nsec: [88, 'u32'],
  stx_ctime_sec: [96, 'u64'],
  stx_ctime_nsec: [104, 'u32'],
  stx_mtime_sec: [112, 'u64'],
  stx_mtime_nsec: [120, 'u32'],
  stx_rdev_major: [128, 'u32'],
  stx_rdev_minor: [132, 'u32'],
  stx_dev_major: [136, 'u32'],
  stx_dev_minor: [140, 'u32'],
});

export const statfs = layout('statfs', 120, {
  f_type: [0, 'u64'],
  f_bsize: [8, 'u64'],
  f_blocks: [16, 'u64'],
  f_bfree: [24, 'u64'],
  f_bavail: [32, 'u64'],
  f_files: [40, 'u64'],
  f_ffree: [48, 'u64'],
  f_fsid_low: [56, 'u32'],
  f_fsid_high: [60, 'u32'],
  f_namelen: [64, 'u64'],
  f_frsize: [72, 'u64'],
  f_flags: [80, 'u64'],
});

/** The head of struct linux_dirent64; the name follows. */
export const dirent64 = layout('dirent64', 19, {
  d_ino: [0, 'u64'],
  d_off: [8, 'u64'],
  d_reclen: [16, 'u16'],
  d_type: [18, 'u8'],
});

export const iovec = layout('iovec', 16, { iov_base: [0, 'x64'], iov_len: [8, 'u64'] });

export const flock = layout('flock', 32, {
  l_type: [0, 'u16'],
  l_whence: [2, 'u16'],
  l_start: [8, 'u64'],
  l_len: [16, 'u64'],
  l_pid: [24, 'i32'],
});

export const pollfd = layout('pollfd', 8, { fd: [0, 'i32'], events: [4, 'u16'], revents: [6, 'u16'] });

/** Packed on x86-64. */
export const epollEvent = layout('epoll_event', 12, { events: [0, 'u32'], data: [4, 'x64'] });

export const winsize = layout('winsize', 8, {
  ws_row: [0, 'u16'],
  ws_col: [2, 'u16'],
  ws_xpixel: [4, 'u16'],
  ws_ypixel: [6, 'u16'],
});

export const msghdr = layout('msghdr', 56, {
  msg_name: [0, 'x64'],
  msg_namelen: [8, 'u32'],
  msg_iov: [16, 'x64'],
  msg_iovlen: [24, 'u64'],
  msg_control: [32, 'x64'],
  msg_controllen: [40, 'u64'],
  msg_flags: [48, 'i32'],
});
