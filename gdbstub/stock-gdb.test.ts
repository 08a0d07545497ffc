import { expect } from 'chai';
import { startGdbStub } from './index.js';
import type { ElfFile } from './testing/elf-file.js';
import { until } from './testing/client.js';
import { FakeTarget } from './testing/fake-target.js';
import * as programs from './testing/programs.js';
import { gdb, need } from './testing/tool.js';
import type { Module } from './index.js';

const BIAS = 0x7f00_0040_0000n;

/** What gdb prints, joined with the lines that tests do not care for taken out. */
async function debug(target: FakeTarget, ...commands: string[]): Promise<string> {
  const stub = await startGdbStub({ target, port: 0, report: (error) => console.error(error) });
  try {
    return await gdb([`target remote 127.0.0.1:${stub.port}`, ...commands]);
  } finally {
    await stub.close();
    target.run.stop({ kind: 'pause' });
  }
}

describe('stock gdb', function () {
  this.timeout(30_000);
  let kernel: ElfFile;
  let target: FakeTarget;

  before(function () {
    need(this, 'gdb', 'gcc');
    kernel = programs.compile('kernel', programs.KERNEL_SOURCE, programs.KERNEL_FLAGS);
  });

  beforeEach(() => {
    target = new FakeTarget();
    programs.loadKernel(target, kernel);
  });

  it('has the kernel with symbols by `target remote` alone', async () => {
    const text = await debug(target, 'info symbol $pc', 'info line sys_read');
    expect(text).to.include('_start in section .text').and.include('of "kernel.c"');
  });

  it('shows registers by name, and flags by name', async () => {
    target.cpu.registers[7] = 0x77n;
    target.others.set('efer', 0xd01n).set('cr0', 0x8001_0001n);
    const text = await debug(
      target,
      'info registers rip rax rdi cr3 efer cr0',
      'p $xmm15.uint128',
      'p $st7',
      'p $fs_base',
    );
    expect(text).to.match(/rip +0x\w+ +0x\w+ <_start>\nrax +0x0 +0\nrdi +0x77 +119\ncr3 +0x1000 +4096\n/);
    expect(text).to.match(/efer +0xd01 +\[ SCE LME LMA NXE \]\ncr0 +0x80010001 +\[ PE WP PG \]\n/);
    expect(text).to.include('$1 = 0\n$2 = 0\n$3 = 0\n').and.not.include('warning: while parsing');
  });

  it('changes registers and memory, one by one', async () => {
    const text = await debug(
      target,
      'set var $r13 = 7',
      'set var $cr3 = 0x5000',
      'set var counter = 5',
      'p $r13 + counter',
    );
    expect(text).to.include('$1 = 12');
    expect([target.cpu.registers[13], target.others.get('cr3')]).to.deep.equal([7n, 0x5000n]);
  });

  it('breaks by name, shows arguments and callers, and finishes with the value', async () => {
    const text = await debug(target, 'break sys_read', 'continue', 'backtrace', 'finish');
    expect(text).to.include('Breakpoint 1, sys_read (descriptor=3, length=40) at kernel.c:6');
    expect(text)
      .to.match(/#1 .* in _start \(\) at kernel.c:19/)
      .and.include('Value returned is $1 = 43');
  });

  it('steps by line in one packet and by instruction', async () => {
    const text = await debug(target, 'break sys_read', 'continue', 'next', 'next', 'stepi', 'p $pc');
    expect(text).to.match(/\n7\tin kernel.c\n8\tin kernel.c\n/);
    expect(target.requests.filter(({ step }) => step?.range)).to.have.length(2);
  });

  it('watches writes, reads and accesses and shows old and new values', async () => {
    const text = await debug(
      target,
      'watch counter',
      'continue',
      'delete',
      'rwatch counter',
      'continue',
      'delete',
      'awatch counter',
      'continue',
    );
    expect(text).to.include('Hardware watchpoint 1: counter\n\nOld value = 0\nNew value = 40');
    expect(text).to.match(/Hardware read watchpoint 2: counter\n\nValue = 40/);
    expect(text).to.match(/Hardware access \(read\/write\) watchpoint 3: counter\n\n/);
  });

  it('lists threads with name and state, and shows the registers of a waiting one', async () => {
    target.threadInfos = [...target.threadInfos, { id: 7, name: 'reader', state: 'blocked' }];
    target.blocked.set(
      7,
      new Map([
        ['rip', kernel.entry],
        ['rsp', 0xffff_ff00_0000_1000n],
        ['r15', 0x15n],
      ]),
    );
    const text = await debug(target, 'info threads', 'thread 2', 'p $r15', 'p $rax', 'thread 1', 'p $r15');
    expect(text).to.include('Thread 1 "main" (running)').and.include('Thread 7 "reader" (blocked)');
    expect(text).to.include('$1 = 21\n$2 = <unavailable>').and.include('$3 = 0');
  });

  it('interrupts with Ctrl-C', async () => {
    const interrupt =
      'python import threading, os, signal; threading.Timer(1, os.kill, (os.getpid(), signal.SIGINT)).start()';
    const text = await debug(target, interrupt, 'continue', 'backtrace 1');
    expect(text)
      .to.include('Program received signal SIGINT')
      .and.match(/#0 .*idle \(\)/);
  });

  it('names the signal of a fault', async () => {
    target.bytes.map(kernel.entry, Uint8Array.of(6));
    expect(await debug(target, 'continue')).to.include('Program received signal SIGILL, Illegal instruction');
  });

  it('runs monitor commands', async () => {
    const run = (args: readonly string[]) => `${args.join('+')} runs`;
    Object.assign(target, { monitor: { commands: [{ name: 'ps', help: 'contexts', run }] } });
    const text = await debug(target, 'monitor help', 'monitor ps a  b', 'monitor nonsense');
    expect(text).to.include('help  this list\nps    contexts\n').and.include('a+b runs\n');
    expect(text).to.include('"nonsense" is no monitor command');
  });

  it('shows tables of the operating system', async () => {
    const rows = () => [{ Scheme: 'null', Owner: 'zerod <1>' }];
    Object.assign(target, { osTables: { tables: [{ name: 'schemes', title: 'Schemes by name', rows }] } });
    const text = await debug(target, 'info os', 'info os schemes');
    expect(text)
      .to.match(/schemes +Schemes by name/)
      .and.match(/Scheme +Owner *\nnull +zerod <1>/);
  });

  it('finds bytes in memory', async () => {
    expect(await debug(target, 'find /b _start, +0x200, 0xe8')).to.include('3 patterns found');
  });

  it('reads and writes half a megabyte', async () => {
    target.bytes.map(0x100000n, Buffer.alloc(0x80000, '#$}*\0abc'));
    const text = await debug(
      target,
      'dump binary memory /dev/null 0x100000 0x180000',
      'p/x *(char(*)[8]) 0x17fff8',
    );
    expect(text).to.include('{0x23, 0x24, 0x7d, 0x2a, 0x0, 0x61, 0x62, 0x63}');
  });

  it('knows the memory map up to the last byte of the address space', async () => {
    const half = 0x8000_0000_0000n;
    const regions = [
      { kind: 'ram', start: 0n, lengthBytes: half },
      { kind: 'ram', start: 2n ** 64n - half, lengthBytes: half },
    ];
    Object.assign(target, { memoryMap: () => regions });
    const text = await debug(
      target,
      'info mem',
      'x/i $pc',
      'x/x 0x800000000000',
      'break sys_read',
      'continue',
    );
    expect(text)
      .to.include('0xffff800000000000 0x10000000000000000 rw')
      .and.include('Breakpoint 1, sys_read');
    expect(text)
      .to.include('Cannot access memory at address 0x800000000000')
      .and.match(/=> 0x\w+ <_start>/);
  });

  it('shows the details of a signal of a Linux target', async () => {
    target.osAbi = 'GNU/Linux';
    const info = Buffer.alloc(128);
    info.writeInt32LE(11, 0);
    info.writeBigUInt64LE(0xdeadn, 16);
    Object.assign(target, { siginfo: () => info });
    expect(await debug(target, 'p $_siginfo.si_signo', 'p $_siginfo._sifields._sigfault.si_addr')).to.match(
      /= 11\n.*0xdead/,
    );
  });

  it('catches system calls of a Linux target', async () => {
    target.osAbi = 'GNU/Linux';
    target.bytes.map(kernel.entry, Buffer.from('b8270000000f0590', 'hex'));
    const caught: unknown[] = [];
    Object.assign(target, { syscallCatch: { set: (numbers: unknown) => caught.push(numbers) } });
    target.run.onSyscall = (number) => ({ kind: 'syscall', phase: 'entry', number });
    target.others.set('orig_rax', 39n);
    const text = await debug(target, 'catch syscall getpid', 'continue');
    expect(text).to.include('Catchpoint 1 (call to syscall getpid)');
    expect(caught[0]).to.deep.equal([39]);
    expect(caught.at(-1)).to.equal('none');
  });

  it('shows the symbols of the program that stopped, when two lie at the same address', async () => {
    const module = (name: string, source: string): Module => {
      const { bytes, loads } = programs.compile(name, source, programs.STATIC_FLAGS);
      target.fileBytes.set(`/bin/${name}`, bytes);
      return { path: `/bin/${name}`, bias: 0n, firstSegment: loads[0]?.address ?? 0n };
    };
    const first = module('first', 'void alpha(void) {} void _start(void) { alpha(); }');
    const second = module('second', 'void beta(void) {} void _start(void) { beta(); }');
    target.moduleList = [first];
    const change = () => ((target.moduleList = [second]), '');
    Object.assign(target, { monitor: { commands: [{ name: 'change', help: '', run: change }] } });
    const text = await debug(
      target,
      'break alpha',
      'info symbol 0x401000',
      'monitor change',
      'stepi',
      'info symbol 0x401000',
    );
    expect(text)
      .to.include('Breakpoint 1 at 0x401')
      .and.include('alpha in section .text of target:/bin/first');
    expect(text).to.include('beta in section .text of target:/bin/second');
  });

  for (const osAbi of ['none', 'GNU/Linux'] as const) {
    for (const [form, flags, bias] of [
      ['static', programs.STATIC_FLAGS, 0n],
      ['static position independent', programs.STATIC_PIE_FLAGS, BIAS],
    ] as const) {
      const install = (source = programs.PROGRAM_SOURCE): Module => {
        const program = programs.compile('program', source, flags);
        programs.load(target, program, bias);
        target.fileBytes.set('/bin/program', program.bytes);
        target.osAbi = osAbi;
        programs.setProgram(target, kernel, program.entry + bias);
        const firstSegment = (program.loads[0]?.address ?? 0n) + bias;
        const dynamic = program.dynamic && program.dynamic + bias;
        return { path: '/bin/program', bias, firstSegment, ...(dynamic && { dynamic }) };
      };

      it(`breaks by name in a ${form} program that starts later, ABI ${osAbi}`, async () => {
        const module = install();
        const exec = () => {
          target.moduleList = [module];
          void until(() => target.run.running).then(() => target.run.stop({ kind: 'modules' }));
          return '';
        };
        Object.assign(target, { monitor: { commands: [{ name: 'exec', help: '', run: exec }] } });
        const commands = [
          'set breakpoint pending on',
          'break program.c:5',
          'monitor exec',
          'continue',
          'backtrace',
          'finish',
        ];
        const text = await debug(target, ...commands, 'break sys_read', 'info breakpoints');
        expect(text)
          .to.match(/Breakpoint 1, twice \(n=\d+\) at program.c:5/)
          .and.match(/#1 .* in main \(n=\d+\) at program.c:10/);
        expect(text)
          .to.match(/Value returned is \$1 = \d+/)
          .and.match(/0xffffffff80\w+ in sys_read at kernel.c:6/);
      });

      it(`has the symbols of a ${form} program before it shows a stop in it, ABI ${osAbi}`, async () => {
        const module = install();
        const enter = () => {
          target.moduleList = [module];
          return '';
        };
        Object.assign(target, { monitor: { commands: [{ name: 'enter', help: '', run: enter }] } });
        const text = await debug(
          target,
          'tbreak idle',
          'continue',
          'monitor enter',
          'stepi',
          'info sharedlibrary',
          'tbreak main',
          'continue',
        );
        expect(text)
          .to.include('Yes         target:/bin/program')
          .and.match(/breakpoint 2, main \(n=1\) at program.c:10/);
      });

      // gdb moves a main program only where it has an idea of the operating system.
      if (osAbi === 'none' && bias !== 0n) continue;

      it(`takes a ${form} program as main program and the kernel beside it, ABI ${osAbi}`, async () => {
        const { path } = install();
        target.main = path;
        target.moduleList = [
          { path: '/boot/kernel', bias: 0n, firstSegment: kernel.loads[0]?.address ?? 0n },
        ];
        const program = programs.compile('program', programs.PROGRAM_SOURCE, flags);
        target.cpu.rip = program.entry + bias;
        Object.assign(target, { auxv: () => programs.auxiliaryVector(program, bias) });
        const text = await debug(target, 'break main', 'continue', 'break sys_read', 'info auxv');
        expect(text)
          .to.match(/Breakpoint 1, main \(n=0\) at program.c:10/)
          .and.include('Breakpoint 2 at 0xffffffff80');
        expect(text).to.match(/AT_ENTRY/);
      });
    }
  }
});
