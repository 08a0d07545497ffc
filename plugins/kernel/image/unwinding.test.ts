import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { hasBinutils, inTemporaryFolder } from './assembler/reference.js';
import { Action, ContextLayout, PercpuLayout, Selector, buildKernelImage } from './index.js';
import { FrameTables, unwind } from './reference-frames.js';
import { ToyKernel, toyImage } from './toy/toy-kernel.js';
import type { RegisterFile, UnwoundFrame } from './reference-frames.js';

const REGISTER_NAMES = 'rax rcx rdx rbx rsp rbp rsi rdi r8 r9 r10 r11 r12 r13 r14 r15'.split(' ');
const pads = ['sys_test', 'sys_other'].map((name) => ({ name, file: 'test.ts', line: 1 }));

/** Every register holds a value of its own when it calls. */
const PROGRAM = `
.function user_main
.frame root
    mov ebx, 0x1b
    mov ebp, 0x1c
    mov r12d, 0x12
    mov r13d, 0x13
    mov r14d, 0x14
    mov r15d, 0x15
    mov edi, 1
    mov esi, 2
    mov edx, 3
    mov r10d, 4
    mov r8d, 5
    mov r9d, 6
    mov eax, 0
    syscall
.mark user_done
    jmp user_done
.function user_other
.frame root
    mov ebx, 0x2b
.Luser_again:
    mov eax, 1
    syscall
    jmp .Luser_again
`;

const EXPECTED = {
  rbx: 0x1bn, rbp: 0x1cn, r12: 0x12n, r13: 0x13n, r14: 0x14n, r15: 0x15n,
  rdi: 1n, rsi: 2n, rdx: 3n, r10: 4n, r8: 5n, r9: 6n, cs: 0x2bn, ss: 0x23n,
}; // prettier-ignore

const image = toyImage(
  pads.map(({ name }) => name),
  PROGRAM,
);

function readFrames(): FrameTables {
  return inTemporaryFolder((folder) => {
    const file = join(folder, 'kernel.elf');
    writeFileSync(file, buildKernelImage({ pads }).elf);
    return new FrameTables(
      execFileSync('readelf', ['--wide', '--debug-dump=frames-interp', file], { encoding: 'utf8' }),
    );
  });
}

class Unwinder {
  constructor(
    readonly kernel: ToyKernel,
    readonly tables: FrameTables,
  ) {}

  get cpuRegisters(): RegisterFile {
    const { cpu } = this.kernel;
    const general = REGISTER_NAMES.map((name, number): [string, bigint] => [
      name,
      cpu.registers[number] ?? 0n,
    ]);
    return new Map([...general, ['rip', cpu.rip], ['rflags', cpu.rflags], ['cs', cpu.cs], ['ss', cpu.ss]]);
  }

  /** What a debugger is told of a context that does not run. */
  savedRegisters(index: number): RegisterFile {
    const rsp = this.kernel.cpu.memory.read(this.kernel.contextAddress(index) + BigInt(ContextLayout.rsp), 8);
    return new Map([
      ['rsp', rsp],
      ['rip', this.kernel.linked.addressOf('context_resume')],
    ]);
  }

  frames(start = this.cpuRegisters): UnwoundFrame[] {
    const { cpu, linked } = this.kernel;
    const read = (address: bigint) => cpu.memory.read(address, 8);
    const percpu = linked.addressOf('percpu');
    return unwind(start, this.tables, read, {
      cfa: () => read(percpu + BigInt(PercpuLayout.kernelStackTop)),
      rsp: () => read(percpu + BigInt(PercpuLayout.userRsp)),
      constants: new Map([
        ['cs', BigInt(Selector.userCode)],
        ['ss', BigInt(Selector.userData)],
      ]),
    });
  }

  names(start = this.cpuRegisters): string[] {
    return this.frames(start).map(({ lookup }) => this.functionAt(lookup));
  }

  functionAt(address: bigint): string {
    const { assembled, addressOf } = this.kernel.linked;
    const entry = this.tables.entryAt(address);
    const found = assembled.functions.find(
      ({ name, leadBytes }) => addressOf(name) - BigInt(leadBytes) === entry?.start,
    );
    return found?.name ?? 'user';
  }
}

describe('frames of the kernel image, while it runs', function () {
  let tables: FrameTables;

  before(function () {
    if (!hasBinutils()) this.skip();
    tables = readFrames();
  });

  function blockingCall(): { kernel: ToyKernel; unwinder: Unwinder } {
    let calls = 0;
    const handlers = {
      sys_test: (self: ToyKernel) => (++calls === 1 ? self.sleep() : { result: 9n }),
      sys_other: (self: ToyKernel) => {
        self.wake(1);
        return { action: Action.wait };
      },
    };
    const kernel = new ToyKernel(image, handlers);
    kernel.createNative(1, 'user_main');
    kernel.createNative(2, 'user_other');
    return { kernel, unwinder: new Unwinder(kernel, tables) };
  }

  const reach = (kernel: ToyKernel, symbol: string) =>
    kernel.run(() => kernel.cpu.rip === kernel.cpu.addressOf(symbol));

  it('shows a blocked context from context_switch down to its program', () => {
    const { kernel, unwinder } = blockingCall();
    reach(kernel, 'sys_other');
    const names = unwinder.names(unwinder.savedRegisters(1));
    expect(names).to.deep.equal(['context_switch', 'schedule', 'block', 'sys_test', 'syscall_entry', 'user']);
  });

  it('shows a context that never ran in context_start', () => {
    const { kernel, unwinder } = blockingCall();
    reach(kernel, 'user_main');
    const frames = unwinder.frames(unwinder.savedRegisters(2));
    expect(frames.map(({ lookup }) => unwinder.functionAt(lookup))).to.deep.equal([
      'context_switch',
      'context_start',
      'user',
    ]);
    expect(frames.at(-1)?.registers.get('rip')).to.equal(kernel.cpu.addressOf('user_other'));
  });

  it('ends a backtrace at idle and at isolate_loop', () => {
    const { kernel, unwinder } = blockingCall();
    kernel.createIsolate(3);
    reach(kernel, 'user_main');
    expect(unwinder.names(unwinder.savedRegisters(0))).to.deep.equal(['context_switch', 'schedule', 'idle']);
    expect(unwinder.names(unwinder.savedRegisters(3))).to.deep.equal(['context_switch', 'isolate_loop']);
  });

  it('finds the program’s registers from every instruction between syscall and its return', () => {
    const { kernel, unwinder } = blockingCall();
    reach(kernel, 'syscall_entry');
    const userRsp = kernel.cpu.rsp;
    let checked = 0;
    const check = () => {
      if (kernel.cpu.cs & 3n) return;
      const frames = unwinder.frames();
      const where = frames.map(({ lookup }) => unwinder.functionAt(lookup)).join(' ← ');
      const program = frames.at(-1)?.registers ?? new Map<string, bigint>();
      expect(where, kernel.where()).to.match(/user$/);
      if (program.get('rbx') !== EXPECTED.rbx) return;
      checked++;
      expect(program.get('rip'), where).to.equal(kernel.cpu.addressOf('user_done'));
      expect(program.get('rsp'), where).to.equal(userRsp);
      for (const [name, value] of Object.entries(EXPECTED))
        expect(program.get(name), `${name} in ${where}`).to.equal(value);
    };
    check();
    kernel.run(() => kernel.cpu.rip === kernel.cpu.addressOf('user_done'), { each: check });
    expect(checked).to.be.greaterThan(140);
  });

  it('finds the pad below a page fault that it asked for', () => {
    const lazy = 0x60_0000n;
    let calls = 0;
    const handlers = {
      sys_test: () => (++calls === 1 ? { action: Action.fault, result: lazy } : {}),
      sys_other: () => ({}),
    };
    const kernel = new ToyKernel(image, handlers);
    const unwinder = new Unwinder(kernel, tables);
    kernel.onException = () => {
      kernel.cpu.memory.map(lazy, 4096);
      expect(unwinder.names()).to.deep.equal([
        'page_fault',
        'fault_touch',
        'sys_test',
        'syscall_entry',
        'user',
      ]);
      return {};
    };
    kernel.createNative(1, 'user_main');
    reach(kernel, 'user_done');
    expect(calls).to.equal(2);
  });
});
