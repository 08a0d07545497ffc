import { expect } from 'chai';
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { syscallNames } from '../syscall-names.js';
import * as files from '../layouts/files.js';
import * as processes from '../layouts/processes.js';
import * as times from '../layouts/times.js';
import { records } from './records.js';
import { Tracer } from './tracer.js';

const numbers = new Map([...syscallNames].map(([number, name]) => [name, number]));
const HEADER = '/usr/include/x86_64-linux-gnu/asm/unistd_64.h';

/** Memory of a program: what was put there, at addresses from 0x1000 on. */
class Memory {
  readonly #parts = new Map<number, Uint8Array>();
  #next = 0x1000;

  put(bytes: Uint8Array): bigint {
    const at = this.#next;
    this.#parts.set(at, bytes);
    this.#next += 0x10000;
    return BigInt(at);
  }

  text = (text: string): bigint => this.put(Buffer.from(`${text}\0`));
  words = (...words: bigint[]): bigint => this.put(new Uint8Array(BigUint64Array.from(words).buffer));
  ints = (...ints: number[]): bigint => this.put(new Uint8Array(Int32Array.from(ints).buffer));

  /** Like pages: zeroes after what was put, nothing elsewhere. */
  read(pointer: number, length: number): Uint8Array | undefined {
    for (const [at, bytes] of this.#parts) {
      if (pointer < at || pointer >= at + 0x10000) continue;
      const copy = new Uint8Array(length);
      copy.set(bytes.subarray(pointer - at, pointer - at + length));
      return copy;
    }
    return undefined;
  }
}

describe('strace', () => {
  let memory: Memory;
  let out: string;
  let tracer: Tracer;

  beforeEach(() => {
    memory = new Memory();
    out = '';
    tracer = new Tracer((text) => (out += text));
  });

  const enter = (tid: number, name: string, args: (bigint | number)[]) =>
    tracer.enter({ tid, number: numbers.get(name) ?? -1, args: args.map(BigInt), memory });

  /** The line of one call, padding taken away. */
  function line(name: string, args: (bigint | number)[], result: number): string {
    out = '';
    enter(1, name, args);
    tracer.exit(1, result);
    return out.trimEnd().replace(/ +=/, ' =');
  }

  it('has the numbers and names of the kernel headers (needs them)', function () {
    let header: string;
    try {
      header = readFileSync(HEADER, 'utf8');
    } catch {
      return this.skip();
    }
    for (const [, name = '', number = ''] of header.matchAll(/#define __NR_(\w+)\s+(\d+)/g))
      expect(syscallNames.get(Number(number)), name).to.equal(name);
  });

  it('knows every number up to 334 and from 424 to 462', () => {
    const all = [
      ...Array.from({ length: 335 }, (_, at) => at),
      ...Array.from({ length: 39 }, (_, at) => at + 424),
    ];
    expect(all.filter((number) => !syscallNames.has(number))).to.deep.equal([]);
  });

  it('has records of calls that exist only', () => {
    expect(Object.keys(records).filter((name) => !numbers.has(name))).to.deep.equal([]);
  });

  it('pads to column 40, names errors, and marks what never ends', () => {
    enter(1, 'brk', [0]);
    tracer.exit(1, 0x5000);
    enter(1, 'access', [memory.text('/etc/ld.so.preload'), 4]);
    tracer.exit(1, -2);
    enter(1, 'exit_group', [300]);
    tracer.exited(1, { status: 44 });
    expect(out.split('\n')).to.deep.equal([
      'brk(NULL)                               = 0x5000',
      'access("/etc/ld.so.preload", R_OK)      = -1 ENOENT (No such file or directory)',
      'exit_group(300)                         = ?',
      '+++ exited with 44 +++',
      '',
    ]);
  });

  it('shows a call that has begun, and what it read once it is read', () => {
    const buffer = memory.put(Buffer.from('input'));
    enter(1, 'read', [0, buffer, 100]);
    expect(out).to.equal('read(0, ');
    tracer.exit(1, 5);
    expect(out).to.equal('read(0, "input", 100)                   = 5\n');
  });

  it('cuts the lines of threads that overtake each other', () => {
    enter(1, 'getpid', []);
    tracer.exit(1, 1);
    enter(1, 'read', [0, memory.put(Buffer.from('x')), 1]);
    enter(2, 'getppid', []);
    tracer.exit(2, 0);
    tracer.exit(1, 1);
    expect(out.split('\n').slice(1)).to.deep.equal([
      'read(0,  <unfinished ...>',
      '[pid     2] getppid()                   = 0',
      '[pid     1] <... read resumed>"x", 1)   = 1',
      '',
    ]);
  });

  it('prints strings as C does, 32 bytes of data and whole paths', () => {
    const bytes = Buffer.from('a\x001b\n\t"\\\x01\xffxyzxyzxyzxyzxyzxyzxyzxyzxyz', 'latin1');
    expect(line('write', [6, memory.put(bytes), 40], 40)).to.equal(
      'write(6, "a\\0001b\\n\\t\\"\\\\\\1\\377xyzxyzxyzxyzxyzxyzxyzx"..., 40) = 40',
    );
    const long = `/${'d'.repeat(60)}`;
    expect(line('chdir', [memory.text(long)], 0)).to.equal(`chdir("${long}") = 0`);
    expect(line('chdir', [0x7000_0000], -14)).to.equal('chdir(0x70000000) = -1 EFAULT (Bad address)');
    expect(line('read', [5, 0x7fff_0000, 10], -11)).to.equal(
      'read(5, 0x7fff0000, 10) = -1 EAGAIN (Resource temporarily unavailable)',
    );
  });

  it('prints opens with and without a mode', () => {
    const path = memory.text('/tmp/zz');
    expect(line('openat', [-100, path, 0], 3)).to.equal('openat(AT_FDCWD, "/tmp/zz", O_RDONLY) = 3');
    expect(line('openat', [-100, path, 0o1102, 0o640], 3)).to.equal(
      'openat(AT_FDCWD, "/tmp/zz", O_RDWR|O_CREAT|O_TRUNC, 0640) = 3',
    );
    expect(line('open', [path, 0o2204000], 3)).to.equal(
      'open("/tmp/zz", O_RDONLY|O_NONBLOCK|O_CLOEXEC|O_DIRECTORY) = 3',
    );
    expect(line('pipe2', [memory.ints(5, 6), 0o2004000], 0)).to.equal(
      'pipe2([5, 6], O_NONBLOCK|O_CLOEXEC) = 0',
    );
  });

  it('prints stat, of files and of devices, and statx', () => {
    const file = memory.put(files.stat.encode({ st_mode: 0o100644, st_size: 18531 }));
    const device = memory.put(files.stat.encode({ st_mode: 0o20620, st_rdev: 0x8800 }));
    expect(line('newfstatat', [3, memory.text(''), file, 0x1000], 0)).to.equal(
      'newfstatat(3, "", {st_mode=S_IFREG|0644, st_size=18531, ...}, AT_EMPTY_PATH) = 0',
    );
    expect(line('fstat', [1, device], 0)).to.equal(
      'fstat(1, {st_mode=S_IFCHR|0620, st_rdev=makedev(0x88, 0), ...}) = 0',
    );
    const extended = memory.put(files.statx.encode({ stx_mask: 0x17ff, stx_mode: 0o40755, stx_size: 4096 }));
    expect(line('statx', [-100, memory.text('/etc'), 0, 0x7ff, extended], 0)).to.equal(
      'statx(AT_FDCWD, "/etc", AT_STATX_SYNC_AS_STAT, STATX_BASIC_STATS, {stx_mask=STATX_BASIC_STATS|STATX_MNT_ID, ' +
        'stx_attributes=0, stx_mode=S_IFDIR|0755, stx_size=4096, ...}) = 0',
    );
  });

  it('prints memory calls', () => {
    expect(line('mmap', [0, 8192, 3, 0x22, -1, 0], 0x7f00_0000_0000)).to.equal(
      'mmap(NULL, 8192, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_ANONYMOUS, -1, 0) = 0x7f0000000000',
    );
    expect(line('mmap', [0, 4096, 1, 1, 7, 4096], 0x1000)).to.equal(
      'mmap(NULL, 4096, PROT_READ, MAP_SHARED, 7, 0x1000) = 0x1000',
    );
    expect(line('mprotect', [0, 0, 0], 0)).to.equal('mprotect(NULL, 0, PROT_NONE) = 0');
    expect(line('madvise', [4096, 4096, 4], 0)).to.equal('madvise(0x1000, 4096, MADV_DONTNEED) = 0');
  });

  it('prints fcntl by command', () => {
    expect(line('fcntl', [3, 3], 0o2)).to.equal('fcntl(3, F_GETFL) = 0x2 (flags O_RDWR)');
    expect(line('fcntl', [3, 2, 1], 0)).to.equal('fcntl(3, F_SETFD, FD_CLOEXEC) = 0');
    expect(line('fcntl', [3, 1030, 10], 12)).to.equal('fcntl(3, F_DUPFD_CLOEXEC, 10) = 12');
    expect(line('fcntl', [3, 1], 1)).to.equal('fcntl(3, F_GETFD) = 0x1 (flags FD_CLOEXEC)');
    const lock = memory.put(files.flock.encode({ l_type: 1, l_len: 10 }));
    expect(line('fcntl', [8, 6, lock], 0)).to.equal(
      'fcntl(8, F_SETLK, {l_type=F_WRLCK, l_whence=SEEK_SET, l_start=0, l_len=10}) = 0',
    );
  });

  it('prints ioctls by name, and unknown ones in parts', () => {
    const size = memory.put(files.winsize.encode({ ws_row: 24, ws_col: 80 }));
    expect(line('ioctl', [1, 0x5413, size], 0)).to.equal(
      'ioctl(1, TIOCGWINSZ, {ws_row=24, ws_col=80, ws_xpixel=0, ws_ypixel=0}) = 0',
    );
    expect(line('ioctl', [0, 0x5401, 0x7ff0], -25)).to.equal(
      'ioctl(0, TCGETS, 0x7ff0) = -1 ENOTTY (Inappropriate ioctl for device)',
    );
    expect(line('ioctl', [5, 0x541b, memory.ints(0)], 0)).to.equal('ioctl(5, FIONREAD, [0]) = 0');
    expect(line('ioctl', [5, 0x1234, 0x10], 0)).to.equal(
      'ioctl(5, _IOC(_IOC_NONE, 0x12, 0x34, 0), 0x10) = 0',
    );
  });

  it('prints signals, sets of them, and what they bring', () => {
    const action = memory.put(
      processes.sigaction.encode({
        handler: 0x5000n,
        flags: 0x1400_0000n,
        restorer: 0x6000n,
        mask: 0x10_0000_0002n,
      }),
    );
    expect(line('rt_sigaction', [10, action, 0, 8], 0)).to.equal(
      'rt_sigaction(SIGUSR1, {sa_handler=0x5000, sa_mask=[INT RT_5], sa_flags=SA_RESTORER|SA_RESTART, ' +
        'sa_restorer=0x6000}, NULL, 8) = 0',
    );
    const nearlyAll = memory.words(0xffff_fffe_7fff_ffffn);
    expect(line('rt_sigprocmask', [0, nearlyAll, 0, 8], 0)).to.equal(
      'rt_sigprocmask(SIG_BLOCK, ~[RTMIN RT_1], NULL, 8) = 0',
    );
    out = '';
    tracer.signal(1, 17, processes.siginfo.encode({ si_signo: 17, si_code: 1, si_pid: 9013, si_status: 3 }));
    tracer.signal(1, 10, processes.siginfo.encode({ si_signo: 10, si_pid: 9012 }));
    tracer.signal(1, 11, processes.siginfoFault.encode({ si_signo: 11, si_code: 1, si_addr: 0n }));
    expect(out.split('\n')).to.deep.equal([
      '--- SIGCHLD {si_signo=SIGCHLD, si_code=CLD_EXITED, si_pid=9013, si_uid=0, si_status=3, si_utime=0, si_stime=0} ---',
      '--- SIGUSR1 {si_signo=SIGUSR1, si_code=SI_USER, si_pid=9012, si_uid=0} ---',
      '--- SIGSEGV {si_signo=SIGSEGV, si_code=SEGV_MAPERR, si_addr=NULL} ---',
      '',
    ]);
  });

  it('prints processes: clone, execve, wait4, death', () => {
    expect(line('clone', [0x1200011, 0, 0, 0x7f10, 0], 9013)).to.equal(
      'clone(child_stack=NULL, flags=CLONE_CHILD_CLEARTID|CLONE_CHILD_SETTID|SIGCHLD, child_tidptr=0x7f10) = 9013',
    );
    const argv = memory.words(memory.text('a'), memory.text('b'), 0n);
    const environment = memory.words(memory.text('X=1'), 0n);
    expect(line('execve', [memory.text('/nope'), argv, environment], -2)).to.equal(
      `execve("/nope", ["a", "b"], 0x${environment.toString(16)} /* 1 var */) = -1 ENOENT (No such file or directory)`,
    );
    expect(line('wait4', [-1, memory.ints(3 << 8), 0, 0], 9013)).to.equal(
      'wait4(-1, [{WIFEXITED(s) && WEXITSTATUS(s) == 3}], 0, NULL) = 9013',
    );
    expect(line('wait4', [-1, memory.ints(9), 1, 0], 9014)).to.equal(
      'wait4(-1, [{WIFSIGNALED(s) && WTERMSIG(s) == SIGKILL}], WNOHANG, NULL) = 9014',
    );
    out = '';
    tracer.exited(1, { signal: 11, core: true });
    expect(out).to.equal('+++ killed by SIGSEGV (core dumped) +++\n');
  });

  it('prints waiting: poll, select, epoll', () => {
    const descriptors = memory.put(
      Buffer.concat([
        files.pollfd.encode({ fd: 5, events: 1 }),
        files.pollfd.encode({ fd: 6, events: 5, revents: 4 }),
      ]),
    );
    expect(line('poll', [descriptors, 2, 10], 1)).to.equal(
      'poll([{fd=5, events=POLLIN}, {fd=6, events=POLLIN|POLLOUT}], 2, 10) = 1 ([{fd=6, revents=POLLOUT}])',
    );
    expect(line('poll', [descriptors, 1, 0], 0)).to.equal(
      'poll([{fd=5, events=POLLIN}], 1, 0) = 0 (Timeout)',
    );
    const event = memory.put(files.epollEvent.encode({ events: 0x8000_0001, data: 7n }));
    expect(line('epoll_ctl', [9, 1, 5, event], 0)).to.equal(
      'epoll_ctl(9, EPOLL_CTL_ADD, 5, {events=EPOLLIN|EPOLLET, data={u32=7, u64=7}}) = 0',
    );
    expect(line('epoll_wait', [9, event, 1, 0], 0)).to.equal('epoll_wait(9, [], 1, 0) = 0');
    const time = memory.put(times.timeval.encode({ tv_usec: 5 }));
    expect(line('select', [6, memory.words(0x21n), 0, 0, time], 1)).to.equal(
      'select(6, [0 5], NULL, NULL, {tv_sec=0, tv_usec=5}) = 1 (in [0 5], left {tv_sec=0, tv_usec=5})',
    );
  });

  it('prints times, limits and futexes', () => {
    const second = memory.put(times.timespec.encode({ tv_sec: 1 }));
    expect(line('nanosleep', [second, 0x7ff0], 0)).to.equal('nanosleep({tv_sec=1, tv_nsec=0}, 0x7ff0) = 0');
    expect(line('nanosleep', [second, second], -4)).to.equal(
      'nanosleep({tv_sec=1, tv_nsec=0}, {tv_sec=1, tv_nsec=0}) = -1 EINTR (Interrupted system call)',
    );
    expect(line('clock_gettime', [1, second], 0)).to.equal(
      'clock_gettime(CLOCK_MONOTONIC, {tv_sec=1, tv_nsec=0}) = 0',
    );
    const limit = memory.put(processes.rlimit.encode({ rlim_cur: 8192 * 1024, rlim_max: -1 }));
    expect(line('prlimit64', [0, 3, 0, limit], 0)).to.equal(
      'prlimit64(0, RLIMIT_STACK, NULL, {rlim_cur=8192*1024, rlim_max=RLIM64_INFINITY}) = 0',
    );
    expect(line('futex', [0x7ff0, 129, 1], 0)).to.equal('futex(0x7ff0, FUTEX_WAKE_PRIVATE, 1) = 0');
    expect(line('futex', [0x7ff0, 0, 55, 0], -11)).to.equal(
      'futex(0x7ff0, FUTEX_WAIT, 55, NULL) = -1 EAGAIN (Resource temporarily unavailable)',
    );
    expect(line('prctl', [15, memory.text('foo')], 0)).to.equal('prctl(PR_SET_NAME, "foo") = 0');
  });

  it('prints vectors, with as much as was moved', () => {
    const vectors = memory.put(
      Buffer.concat([
        files.iovec.encode({ iov_base: memory.text('ab'), iov_len: 2 }),
        files.iovec.encode({ iov_base: memory.text('cde'), iov_len: 3 }),
      ]),
    );
    expect(line('writev', [6, vectors, 2], 5)).to.equal(
      'writev(6, [{iov_base="ab", iov_len=2}, {iov_base="cde", iov_len=3}], 2) = 5',
    );
    expect(line('readv', [5, vectors, 2], 3)).to.equal(
      'readv(5, [{iov_base="ab", iov_len=2}, {iov_base="c", iov_len=3}], 2) = 3',
    );
  });

  it('prints addresses of sockets', () => {
    const unix = memory.put(Buffer.from('\x01\0/run/s\0'));
    expect(line('connect', [3, unix, 9], 0)).to.equal(
      'connect(3, {sa_family=AF_UNIX, sun_path="/run/s"}, 9) = 0',
    );
    const inet = memory.put(Uint8Array.of(2, 0, 0x1f, 0x90, 127, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0));
    expect(line('bind', [3, inet, 16], 0)).to.equal(
      'bind(3, {sa_family=AF_INET, sin_port=htons(8080), sin_addr=inet_addr("127.0.0.1")}, 16) = 0',
    );
  });

  it('prints six registers of a call it has no record of', () => {
    expect(line('bpf', [1, 2, 3], -38)).to.equal(
      'bpf(0x1, 0x2, 0x3, 0x0, 0x0, 0x0) = -1 ENOSYS (Function not implemented)',
    );
  });

  it('survives any registers in any call', () => {
    const hostile = [0n, 1n, 0x1000n, 0x7fff_ffff_ffffn, 0x8000_0000n, 2n ** 63n, 2n ** 64n - 1n];
    memory.put(new Uint8Array(64).fill(0xff));
    for (const [number] of syscallNames)
      for (const value of hostile)
        for (const result of [0, -22, 5, 0x7fff_ffff]) {
          tracer.enter({ tid: 1, number, args: Array.from({ length: 6 }, () => value), memory });
          tracer.exit(1, result);
        }
    expect(out.split('\n').length).to.be.greaterThan(syscallNames.size * hostile.length * 4);
  });
});

describe('strace beside the real one', () => {
  it('prints what strace prints for the same calls (needs strace)', function () {
    if (spawnSync('strace', ['-V']).status !== 0 || spawnSync('strace', ['true']).status !== 0) this.skip();
    const { stderr } = spawnSync('strace', ['-e', 'trace=exit_group,brk', 'true'], { encoding: 'utf8' });
    let out = '';
    const tracer = new Tracer((text) => (out += text));
    const memory = new Memory();
    const call = (name: string, args: bigint[]) =>
      tracer.enter({ tid: 1, number: numbers.get(name) ?? -1, args, memory });
    for (const [, argument = '', result = ''] of stderr.matchAll(/^brk\((\w+)\) += (\w+)$/gm)) {
      call('brk', [argument === 'NULL' ? 0n : BigInt(argument)]);
      tracer.exit(1, Number(result));
    }
    call('exit_group', [0n]);
    tracer.exited(1, { status: 0 });
    expect(out).to.equal(stderr);
  });
});
