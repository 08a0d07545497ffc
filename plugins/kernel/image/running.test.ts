import { expect } from 'chai';
import { Action, ContextLayout, FrameLayout } from './layout.js';
import { loadRows } from '../../../core/isa/rows/index.js';
import { MachineCpu } from './toy/machine-cpu.js';
import { ToyCpu } from './toy/toy-cpu.js';
import { ToyKernel, toyImage } from './toy/toy-kernel.js';
import type { TestCpuMaker } from './toy/test-cpu.js';
import type { Handler } from './toy/toy-kernel.js';

/** Leaves a mark in every register, calls, and compares; ends at .Luser_done. */
const CALLER = `
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
.Luser_again:
    mov eax, 1
    syscall
    jmp .Luser_again
.function user_spin
.frame root
.Luser_spin:
    inc r15
    jmp .Luser_spin
.function user_touch
.frame root
    mov rdi, 0x600000
    mov byte ptr [rdi], 7
    movzx ebx, byte ptr [rdi]
.mark user_touched
    jmp user_touched
`;

const MARKS = {
  rbx: [3, 0x1b],
  rbp: [5, 0x1c],
  r12: [12, 0x12],
  r13: [13, 0x13],
  r14: [14, 0x14],
  r15: [15, 0x15],
} as const;
const KEPT_ARGUMENTS = {
  rdi: [7, 1],
  rsi: [6, 2],
  rdx: [2, 3],
  r10: [10, 4],
  r8: [8, 5],
  r9: [9, 6],
} as const;
const LAZY_PAGE = 0x60_0000n;
const WILD_PAGE = 0x70_0000n;

const ONE_TO_SIX = [1n, 2n, 3n, 4n, 5n, 6n];

const image = toyImage(['sys_test', 'sys_other'], CALLER);

const at = (kernel: ToyKernel, symbol: string) => () => kernel.cpu.rip === kernel.cpu.addressOf(symbol);
const result = (kernel: ToyKernel) => BigInt.asIntN(64, kernel.cpu.registers[0] ?? 0n);

function expectRegistersKept(kernel: ToyKernel): void {
  for (const [name, [number, value]] of Object.entries({ ...MARKS, ...KEPT_ARGUMENTS })) {
    expect(kernel.cpu.registers[number], name).to.equal(BigInt(value));
  }
}

const CPUS: readonly {
  name: string;
  makeCpu: TestCpuMaker;
  built: boolean;
  vectors: readonly number[];
  stride: number;
}[] = [
  {
    name: 'a toy CPU',
    makeCpu: (hypercall) => new ToyCpu(hypercall),
    built: true,
    vectors: [1, 2],
    stride: 1,
  },
  {
    name: 'the CPU of the machine',
    makeCpu: (hypercall) => new MachineCpu(hypercall),
    built: ['SWAPGS', 'SHR', 'FXRSTOR'].every((wanted) =>
      loadRows().rows.some(({ name }) => name.startsWith(wanted)),
    ),
    vectors: [2],
    // A new processor for each run: every instruction would take long.
    stride: 9,
  },
];

for (const cpu of CPUS) describeRunning(cpu);

function describeRunning({ name, makeCpu, built, vectors, stride }: (typeof CPUS)[number]): void {
  describe(`kernel image, running on ${name}`, () => {
    before(function () {
      if (!built) this.skip();
    });

    function machine(pad: Handler, other: Handler = (kernel) => kernel.sleep()): ToyKernel {
      return new ToyKernel(image, { sys_test: pad, sys_other: other }, makeCpu);
    }

    /** One call that waits once while another context runs; `each` sees every step from the first syscall on. */
    function blockingCall(each: (step: number, kernel: ToyKernel) => unknown) {
      let calls = 0;
      let exceptions = 0;
      const kernel = machine(
        (self) => (++calls === 1 ? self.sleep() : { result: 9n }),
        (self) => {
          self.wake(1);
          return { action: Action.wait };
        },
      );
      kernel.onException = () => {
        exceptions++;
        return {};
      };
      kernel.createNative(1, 'user_main');
      kernel.createNative(2, 'user_other');
      kernel.run(at(kernel, 'syscall_entry'));
      let step = 0;
      const steps = kernel.run(() => {
        if (at(kernel, 'user_done')()) return true;
        each(step++, kernel);
        return false;
      });
      return { kernel, steps, exceptions: () => exceptions };
    }

    it('boots to idle, which sleeps with interrupts on', () => {
      const kernel = machine(() => ({}));
      kernel.run(() => kernel.cpu.halted);
      expect(kernel.booted).to.equal(true);
      expect(kernel.where()).to.equal('idle');
      expect(kernel.cpu.rflags & 0x200n).to.equal(0x200n);
      const name = kernel.cpu.memory.read(kernel.contextAddress(0) + BigInt(ContextLayout.name), 8);
      expect(name).to.equal(BigInt('0x656c6469'));
    });

    it('calls a pad with the six arguments, returns its result, and keeps every other register', () => {
      let seen: readonly bigint[] = [];
      const kernel = machine((_, args) => {
        seen = args;
        return { result: -38n };
      });
      kernel.createNative(1, 'user_main');
      kernel.run(at(kernel, 'user_done'));
      expect(seen).to.deep.equal(ONE_TO_SIX);
      expect(result(kernel)).to.equal(-38n);
      expectRegistersKept(kernel);
      expect(kernel.cpu.cs).to.equal(0x2bn);
      expect(kernel.cpu.ss).to.equal(0x23n);
      expect(kernel.cpu.gsBase).to.equal(0n);
    });

    it('takes fewer than 80 instructions from syscall to the one after it', () => {
      const kernel = machine(() => ({}));
      kernel.createNative(1, 'user_main');
      kernel.run(at(kernel, 'syscall_entry'));
      expect(kernel.run(at(kernel, 'user_done'))).to.be.lessThan(80);
    });

    it('blocks on wait, lets another context run, and retries with the same arguments', () => {
      const calls: (readonly bigint[])[] = [];
      const kernel = machine(
        (self, args) => {
          calls.push(args);
          return calls.length < 3 ? self.sleep() : { result: 9n };
        },
        (self) => {
          self.wake(1);
          return { action: Action.wait };
        },
      );
      kernel.createNative(1, 'user_main');
      kernel.createNative(2, 'user_other');
      kernel.run(at(kernel, 'user_done'));
      expect(calls).to.deep.equal([ONE_TO_SIX, ONE_TO_SIX, ONE_TO_SIX]);
      expect(result(kernel)).to.equal(9n);
      expectRegistersKept(kernel);
    });

    it('lets an interrupt in on again, and only then', () => {
      let calls = 0;
      const kernel = machine((self) => {
        calls++;
        if (calls === 1) self.cpu.interrupts.push(40);
        return { action: calls < 3 ? Action.again : Action.done, result: 5n };
      });
      const vectors: bigint[] = [];
      kernel.onInterrupt = (self, [vector = 0n]) => {
        vectors.push(vector);
        self.log.push('irq');
        return { result: 1n };
      };
      kernel.createNative(1, 'user_main');
      kernel.run(at(kernel, 'user_done'));
      expect(vectors).to.deep.equal([40n]);
      expect(kernel.log).to.deep.equal(['sys_test', 'irq', 'sys_test', 'sys_test']);
      expectRegistersKept(kernel);
    });

    for (const [name, action] of [
      ['fault', Action.fault],
      ['faultWrite', Action.faultWrite],
    ] as const) {
      it(`touches the address on ${name}, and retries when the page has come`, () => {
        let calls = 0;
        const kernel = machine(() => (++calls === 1 ? { action, result: LAZY_PAGE } : { result: 11n }));
        const errors: bigint[] = [];
        kernel.onException = (self, [, , errorCode = 0n, address = 0n]) => {
          errors.push(errorCode, address);
          self.cpu.memory.map(LAZY_PAGE, 4096);
          return {};
        };
        kernel.createNative(1, 'user_main');
        kernel.run(at(kernel, 'user_done'));
        expect(errors).to.deep.equal([action === Action.faultWrite ? 2n : 0n, LAZY_PAGE]);
        expect(result(kernel)).to.equal(11n);
        expectRegistersKept(kernel);
      });
    }

    it('returns -EFAULT when the kernel says that the page will never come', () => {
      const kernel = machine(() => ({ action: Action.fault, result: LAZY_PAGE }));
      kernel.onException = (self, [frame = 0n]) => {
        self.setFrameField(frame, 'rip', self.cpu.addressOf('fault_touch_failed'));
        return {};
      };
      kernel.createNative(1, 'user_main');
      kernel.run(at(kernel, 'user_done'));
      expect(result(kernel)).to.equal(-14n);
      expectRegistersKept(kernel);
    });

    it('blocks in page_fault for a program that touches what is not there yet', () => {
      const kernel = machine(
        () => ({}),
        (self) => {
          self.cpu.memory.map(LAZY_PAGE, 4096);
          self.wake(1);
          return { action: Action.wait };
        },
      );
      let blocked = 0;
      kernel.onException = (self, [, , , address = 0n]) => {
        expect(address).to.equal(LAZY_PAGE);
        return ++blocked === 1 ? self.sleep() : {};
      };
      kernel.createNative(1, 'user_touch');
      kernel.createNative(2, 'user_other');
      kernel.run(at(kernel, 'user_touched'));
      expect(kernel.cpu.registers[3]).to.equal(7n);
      expect(blocked).to.equal(2);
    });

    it('tells the exception handler that the touch it asked for failed', () => {
      const kernel = machine(() => ({}));
      const retries: bigint[] = [];
      kernel.onException = (self, [frame = 0n, , , address = 0n, failed = 0n]) => {
        if (address === WILD_PAGE) {
          self.setFrameField(frame, 'rip', self.cpu.addressOf('fault_touch_failed'));
          return {};
        }
        retries.push(failed);
        if (retries.length === 1) return { action: Action.faultWrite, result: WILD_PAGE };
        return self.die();
      };
      kernel.createNative(1, 'user_touch');
      kernel.run(() => kernel.cpu.halted);
      expect(retries).to.deep.equal([0n, 1n]);
    });

    it('switches away from a spinning program when an interrupt makes a reschedule due', () => {
      const kernel = machine(() => ({}));
      kernel.onInterrupt = () => ({ result: 1n });
      kernel.createNative(1, 'user_spin');
      kernel.createNative(2, 'user_main');
      let steps = 0;
      kernel.run(at(kernel, 'user_done'), {
        each: () => ++steps % 500 === 0 && kernel.cpu.interrupts.push(32),
      });
      expectRegistersKept(kernel);
    });

    it('never comes back to a context that was killed', () => {
      const kernel = machine((self) => self.die());
      kernel.createNative(1, 'user_main');
      kernel.run(() => kernel.cpu.halted);
      expect(kernel.log).to.deep.equal(['sys_test']);
      expect(kernel.where()).to.equal('idle');
    });

    it('asks user_work before it returns, and honours a frame that it changed', () => {
      const kernel = machine((self) => {
        self.setWork(1, 1n);
        return { result: 1n };
      });
      kernel.onWork = (self, [frame = 0n]) => {
        self.setWork(1, 0n);
        self.setFrameField(frame, 'rip', self.cpu.addressOf('user_spin'));
        self.setFrameField(frame, 'r15', 100n);
        return {};
      };
      kernel.createNative(1, 'user_main');
      kernel.run(() => (kernel.cpu.registers[15] ?? 0n) === 103n);
      expect(kernel.cpu.registers[0]).to.equal(1n);
      expect(kernel.cpu.cs & 3n).to.equal(3n);
    });

    it('turns a return to an address that is not the user’s into a general protection fault of the program', () => {
      const kernel = machine((self) => {
        const frame = self.stackTop(1) - BigInt(FrameLayout.sizeBytes);
        self.setFrameField(frame, 'rip', 0xffff_8000_0000_0000n);
        return {};
      });
      kernel.onException = (self) => self.die();
      kernel.createNative(1, 'user_main');
      kernel.run(() => kernel.cpu.halted);
      expect(kernel.log).to.deep.equal(['sys_test', 'general_protection']);
    });

    it('cannot be talked into returning to ring 0 or with interrupts off', () => {
      const kernel = machine((self) => {
        const frame = self.stackTop(1) - BigInt(FrameLayout.sizeBytes);
        self.setFrameField(frame, 'cs', 8n);
        self.setFrameField(frame, 'ss', 0x10n);
        self.setFrameField(frame, 'rflags', 0x3000n);
        return {};
      });
      kernel.createNative(1, 'user_main');
      kernel.run(at(kernel, 'user_done'));
      expect([kernel.cpu.cs, kernel.cpu.ss, kernel.cpu.rflags]).to.deep.equal([0x2bn, 0x23n, 0x202n]);
    });

    it('loops for an isolate: next, pad, reply', () => {
      const seen: (readonly bigint[])[] = [];
      const kernel = machine((_, args) => {
        seen.push(args);
        return { result: 77n };
      });
      const replies: bigint[] = [];
      kernel.onIsolateNext = (self, [frame = 0n]) => {
        if (replies.length > 1) return self.sleep();
        (['rdi', 'rsi', 'rdx', 'r10', 'r8', 'r9'] as const).forEach((name, index) =>
          self.setFrameField(frame, name, BigInt(index + 1)),
        );
        return { result: self.linked.addressOf('sys_test') };
      };
      kernel.onIsolateReply = (_, [, value = 0n]) => {
        replies.push(value);
        return {};
      };
      kernel.createIsolate(1);
      kernel.run(() => kernel.cpu.halted);
      expect(replies).to.deep.equal([77n, 77n]);
      expect(seen).to.deep.equal([ONE_TO_SIX, ONE_TO_SIX]);
    });

    for (const vector of vectors) {
      it(`survives ${vector === 2 ? 'an NMI' : 'a debug exception'} at ${stride === 1 ? 'every instruction' : 'many instructions'} of a call that blocks`, () => {
        const total = blockingCall(() => undefined).steps;
        for (let when = 0; when < total; when += stride) {
          const { kernel, exceptions } = blockingCall(
            (step, self) => step === when && self.cpu.disturb(vector),
          );
          expect(result(kernel), `at step ${when}`).to.equal(9n);
          expectRegistersKept(kernel);
          expect(kernel.cpu.gsBase).to.equal(0n);
          expect(exceptions()).to.equal(1);
        }
      });
    }
  });
}
