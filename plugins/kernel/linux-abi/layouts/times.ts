import { layout } from '../../../../core/abi/wire.js';

// Names of fields are C's. 64-bit fields are numbers in two's complement (see core/abi/wire.ts).

export const timespec = layout('timespec', 16, { tv_sec: [0, 'u64'], tv_nsec: [8, 'u64'] });
export const timeval = layout('timeval', 16, { tv_sec: [0, 'u64'], tv_usec: [8, 'u64'] });

export const itimerval = layout('itimerval', 32, {
  interval_sec: [0, 'u64'],
  interval_usec: [8, 'u64'],
  value_sec: [16, 'u64'],
  value_usec: [24, 'u64'],
});

export const itimerspec = layout('itimerspec', 32, {
  interval_sec: [0, 'u64'],
  interval_nsec: [8, 'u64'],
  value_sec: [16, 'u64'],
  value_nsec: [24, 'u64'],
});

export const tms = layout('tms', 32, {
  tms_utime: [0, 'u64'],
  tms_stime: [8, 'u64'],
  tms_cutime: [16, 'u64'],
  tms_cstime: [24, 'u64'],
});
