import { Errno } from '../../../../core/abi/errno.js';
import type { Handler } from '../../gate/abi.js';

// What this system will not do for anybody: the errno a program gets on Linux when it lacks the right, or when the kernel was
// built without the feature. Programs are prepared for these.

const refuse =
  (errno: number): Handler =>
  () =>
    -errno;

export const mount: Handler = refuse(Errno.EPERM);
export const umount2: Handler = refuse(Errno.EPERM);
export const pivot_root: Handler = refuse(Errno.EPERM);
export const chroot: Handler = refuse(Errno.EPERM);
export const reboot: Handler = refuse(Errno.EPERM);
export const swapon: Handler = refuse(Errno.EPERM);
export const swapoff: Handler = refuse(Errno.EPERM);
export const acct: Handler = refuse(Errno.EPERM);
export const iopl: Handler = refuse(Errno.EPERM);
export const ioperm: Handler = refuse(Errno.EPERM);
export const init_module: Handler = refuse(Errno.EPERM);
export const finit_module: Handler = refuse(Errno.EPERM);
export const delete_module: Handler = refuse(Errno.EPERM);
export const kexec_load: Handler = refuse(Errno.EPERM);
export const unshare: Handler = refuse(Errno.EPERM);
export const setns: Handler = refuse(Errno.EPERM);
export const quotactl: Handler = refuse(Errno.EPERM);
export const vhangup: Handler = refuse(Errno.EPERM);
export const adjtimex: Handler = refuse(Errno.EPERM);
export const clock_adjtime: Handler = refuse(Errno.EPERM);
export const ptrace: Handler = refuse(Errno.EPERM);
export const process_vm_readv: Handler = refuse(Errno.EPERM);
export const process_vm_writev: Handler = refuse(Errno.EPERM);
export const bpf: Handler = refuse(Errno.EPERM);
export const perf_event_open: Handler = refuse(Errno.EPERM);
export const fanotify_init: Handler = refuse(Errno.EPERM);
export const userfaultfd: Handler = refuse(Errno.EPERM);
export const add_key: Handler = refuse(Errno.EPERM);
export const request_key: Handler = refuse(Errno.EPERM);
export const keyctl: Handler = refuse(Errno.EPERM);
export const open_by_handle_at: Handler = refuse(Errno.EPERM);
export const name_to_handle_at: Handler = refuse(Errno.EOPNOTSUPP);

export const rseq: Handler = refuse(Errno.ENOSYS);
export const inotify_init: Handler = refuse(Errno.ENOSYS);
export const inotify_init1: Handler = refuse(Errno.ENOSYS);
export const pidfd_open: Handler = refuse(Errno.ENOSYS);
export const pidfd_send_signal: Handler = refuse(Errno.ENOSYS);
export const pidfd_getfd: Handler = refuse(Errno.ENOSYS);
export const io_uring_setup: Handler = refuse(Errno.ENOSYS);
export const io_setup: Handler = refuse(Errno.ENOSYS);
export const openat2: Handler = refuse(Errno.ENOSYS);
export const landlock_create_ruleset: Handler = refuse(Errno.ENOSYS);
export const memfd_secret: Handler = refuse(Errno.ENOSYS);
export const get_mempolicy: Handler = refuse(Errno.ENOSYS);
export const set_mempolicy: Handler = refuse(Errno.ENOSYS);
export const mbind: Handler = refuse(Errno.ENOSYS);
export const modify_ldt: Handler = refuse(Errno.ENOSYS);
export const set_thread_area: Handler = refuse(Errno.ENOSYS);
export const seccomp: Handler = refuse(Errno.ENOSYS);
export const map_shadow_stack: Handler = refuse(Errno.ENOSYS);
export const shmget: Handler = refuse(Errno.ENOSYS);
export const semget: Handler = refuse(Errno.ENOSYS);
export const msgget: Handler = refuse(Errno.ENOSYS);
export const mq_open: Handler = refuse(Errno.ENOSYS);

const NO_ATTRIBUTES = Errno.EOPNOTSUPP;
export const getxattr: Handler = refuse(NO_ATTRIBUTES);
export const lgetxattr: Handler = refuse(NO_ATTRIBUTES);
export const fgetxattr: Handler = refuse(NO_ATTRIBUTES);
export const setxattr: Handler = refuse(NO_ATTRIBUTES);
export const lsetxattr: Handler = refuse(NO_ATTRIBUTES);
export const fsetxattr: Handler = refuse(NO_ATTRIBUTES);
export const listxattr: Handler = refuse(NO_ATTRIBUTES);
export const llistxattr: Handler = refuse(NO_ATTRIBUTES);
export const flistxattr: Handler = refuse(NO_ATTRIBUTES);
export const removexattr: Handler = refuse(NO_ATTRIBUTES);
export const lremovexattr: Handler = refuse(NO_ATTRIBUTES);
export const fremovexattr: Handler = refuse(NO_ATTRIBUTES);
