import { expect } from 'chai';
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { encodeStat, encodeStatfs, encodeStatx } from '../syscalls/stat-layout.js';
import { TERMIOS2_BYTES, TERMIOS_BYTES } from '../tty/termios.js';
import { makeDevice } from '../vfs/device-numbers.js';
import * as files from './files.js';
import * as processes from './processes.js';
import * as times from './times.js';

interface AnyLayout {
  readonly name: string;
  readonly sizeBytes: number;
  readonly fields: Readonly<Record<string, readonly [offset: number, kind: unknown]>>;
}

/** How C calls what we call by one name: the type, and fields that are spelt otherwise. */
const inC: Readonly<Record<string, { type: string; fields?: Record<string, string> }>> = {
  stat: {
    type: 'struct stat',
    fields: {
      st_atime_sec: 'st_atim.tv_sec',
      st_atime_nsec: 'st_atim.tv_nsec',
      st_mtime_sec: 'st_mtim.tv_sec',
      st_mtime_nsec: 'st_mtim.tv_nsec',
      st_ctime_sec: 'st_ctim.tv_sec',
      st_ctime_nsec: 'st_ctim.tv_nsec',
    },
  },
  statx: {
    type: 'struct statx',
    fields: Object.fromEntries(
      ['atime', 'btime', 'ctime', 'mtime'].flatMap((time) => [
        [`stx_${time}_sec`, `stx_${time}.tv_sec`],
        [`stx_${time}_nsec`, `stx_${time}.tv_nsec`],
      ]),
    ),
  },
  statfs: {
    type: 'struct statfs',
    fields: { f_fsid_low: 'f_fsid.__val[0]', f_fsid_high: 'f_fsid.__val[1]' },
  },
  dirent64: { type: 'struct linux_dirent64' },
  itimerval: {
    type: 'struct itimerval',
    fields: {
      interval_sec: 'it_interval.tv_sec',
      interval_usec: 'it_interval.tv_usec',
      value_sec: 'it_value.tv_sec',
      value_usec: 'it_value.tv_usec',
    },
  },
  itimerspec: {
    type: 'struct itimerspec',
    fields: {
      interval_sec: 'it_interval.tv_sec',
      interval_nsec: 'it_interval.tv_nsec',
      value_sec: 'it_value.tv_sec',
      value_nsec: 'it_value.tv_nsec',
    },
  },
  rusage: {
    type: 'struct rusage',
    fields: {
      utime_sec: 'ru_utime.tv_sec',
      utime_usec: 'ru_utime.tv_usec',
      stime_sec: 'ru_stime.tv_sec',
      stime_usec: 'ru_stime.tv_usec',
    },
  },
  utsname: { type: 'struct new_utsname' },
  sysinfo: { type: 'struct sysinfo', fields: { load1: 'loads[0]', load5: 'loads[1]', load15: 'loads[2]' } },
  kernel_sigaction: { type: 'struct kernel_sigaction' },
  stack_t: { type: 'stack_t' },
  siginfo_t: { type: 'siginfo_t' },
  'siginfo_t of a fault': { type: 'siginfo_t' },
  epoll_event: { type: 'struct epoll_event' },
  clone_args: { type: 'struct clone_args' },
};

const PRELUDE = `
#define _GNU_SOURCE
#include <stddef.h>
#include <stdio.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <time.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <sys/uio.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/sysinfo.h>
#include <sys/time.h>
#include <sys/times.h>
#include <linux/sched.h>
#include <linux/utsname.h>
struct linux_dirent64 { unsigned long d_ino; long d_off; unsigned short d_reclen; unsigned char d_type; char d_name[]; };
struct kernel_sigaction { void *handler; unsigned long flags; void *restorer; unsigned long mask; };
#define SIZE(type) printf("%zu\\n", sizeof(type));
#define AT(type, field) printf("%zu\\n", offsetof(type, field));
int main(void) {
`;

const layouts: readonly AnyLayout[] = [files, processes, times].flatMap((each) => Object.values(each));
const typeOf = ({ name }: AnyLayout): string => inC[name]?.type ?? `struct ${name}`;
const fieldOf = (each: AnyLayout, field: string): string => inC[each.name]?.fields?.[field] ?? field;
const hasGcc =
  spawnSync('gcc', ['--version']).status === 0 && process.platform === 'linux' && process.arch === 'x64';

/** Sizes and offsets as the C compiler has them, in the order of our tables. */
function askGcc(): number[] {
  const body = layouts.flatMap((each) => [
    `SIZE(${typeOf(each)})`,
    ...Object.keys(each.fields).map((field) => `AT(${typeOf(each)}, ${fieldOf(each, field)})`),
  ]);
  const folder = mkdtempSync(join(tmpdir(), 'layouts-'));
  try {
    writeFileSync(join(folder, 'layouts.c'), `${PRELUDE}${body.join('\n')}\nreturn 0; }\n`);
    execFileSync('gcc', ['-w', '-o', join(folder, 'layouts'), join(folder, 'layouts.c')]);
    return execFileSync(join(folder, 'layouts'), { encoding: 'utf8' }).trim().split('\n').map(Number);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** The head of linux_dirent64 has no size of its own in C: padding follows it. */
const sizeInC = (each: AnyLayout): number => (each.name === 'dirent64' ? 24 : each.sizeBytes);

describe('layouts of Linux x86-64', () => {
  it('have the sizes and offsets of C (needs gcc on Linux x86-64)', function () {
    if (!hasGcc) this.skip();
    const found = askGcc();
    for (const each of layouts) {
      expect(found.shift(), `sizeof ${each.name}`).to.equal(sizeInC(each));
      for (const [field, [offset]] of Object.entries(each.fields))
        expect(found.shift(), `${each.name}.${field}`).to.equal(offset);
    }
  });

  it('struct termios is the kernel one', () => {
    expect([TERMIOS_BYTES, TERMIOS2_BYTES]).to.deep.equal([36, 44]);
  });

  describe('as stat, statx and statfs fill them', () => {
    const stat = {
      dev: makeDevice(8, 1),
      ino: 2 ** 40,
      mode: 0o100644,
      nlink: 2,
      uid: 1000,
      gid: 100,
      rdev: makeDevice(136, 300),
      size: 2 ** 33,
      blksize: 4096,
      blocks: 16,
      atimeNs: 1_000_000_001n,
      mtimeNs: 2_000_000_002n,
      ctimeNs: 3_000_000_003n,
      btimeNs: 4_000_000_004n,
    };

    it('every field is in its place', () => {
      expect(files.stat.decode(encodeStat(stat))).to.include({
        st_dev: 0x801,
        st_ino: 2 ** 40,
        st_nlink: 2,
        st_mode: 0o100644,
        st_uid: 1000,
        st_gid: 100,
        st_size: 2 ** 33,
        st_blksize: 4096,
        st_blocks: 16,
        st_atime_nsec: 1,
        st_mtime_sec: 2,
        st_ctime_nsec: 3,
      });
      expect(files.statx.decode(encodeStatx(stat))).to.include({
        stx_ino: 2 ** 40,
        stx_mode: 0o100644,
        stx_size: 2 ** 33,
        stx_btime_sec: 4,
        stx_mtime_nsec: 2,
        stx_rdev_major: 136,
        stx_rdev_minor: 300,
        stx_dev_major: 8,
      });
      const statfs = { type: 0x9fa0, bsize: 4096, blocks: 9, bfree: 8, bavail: 7, files: 6, ffree: 5 };
      expect(files.statfs.decode(encodeStatfs(statfs))).to.include({
        f_type: 0x9fa0,
        f_bavail: 7,
        f_ffree: 5,
        f_namelen: 255,
        f_frsize: 4096,
      });
    });
  });
});
