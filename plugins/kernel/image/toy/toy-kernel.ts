import { assemble } from '../assembler/assemble.js';
import { EXCEPTION_HANDLERS } from '../data.js';
import {
  Action,
  ContextFlag,
  ContextLayout,
  FrameLayout,
  Hypercall,
  KERNEL_STACKS,
  Selector,
} from '../layout.js';
import { IMAGE_VIRTUAL, KERNEL_STACK_BYTES, KERNEL_STACK_SLOT_BYTES, SWITCH_FRAME_BYTES } from '../layout.js';
import { PAGE_TABLE } from './test-cpu.js';
import { ToyCpu, toyCode } from './toy-cpu.js';
import { linkImage } from '../link.js';
import type { Linked } from '../link.js';
import type { TestCpu, TestCpuMaker } from './test-cpu.js';
import type { ToyCode } from './toy-cpu.js';

export interface Answer {
  readonly result?: bigint;
  readonly action?: number;
}

export type Handler = (kernel: ToyKernel, args: readonly bigint[]) => Answer;

const USER_CODE = 0x40_0000n;
const USER_STACK = 0x7fff_0000n;
const USER_STACK_BYTES = 0x1000;
const USER_FLAGS = 0x202n;
const ARGUMENTS = [7, 6, 2, 1, 8, 9];
const RAX = 0;
const RDX = 2;
const IDLE = 0;

export interface ToyImage {
  readonly linked: Linked;
  readonly code: ToyCode;
  readonly userCode: ToyCode;
}

/** An image with these pads and a program for user mode; serves many machines. */
export function toyImage(padNames: readonly string[], userText: string): ToyImage {
  const linked = linkImage(padNames.map((name) => ({ name, file: 'test.ts', line: 1 })));
  const user = assemble([{ file: 'user', text: userText, firstLine: 1 }], new Map());
  const nothing = new Map<string, bigint>();
  return {
    linked,
    code: { ...toyCode(linked.assembled, IMAGE_VIRTUAL, linked.symbols), bytes: linked.code },
    userCode: toyCode(user, USER_CODE, nothing),
  };
}

/** The smallest kernel that can answer the image: contexts, a ring of runnable ones, pads by name. */
export class ToyKernel {
  readonly linked: Linked;
  readonly cpu: TestCpu;
  readonly runnable: number[] = [];
  readonly log: string[] = [];
  current = IDLE;
  booted = false;
  onException: Handler = () => ({ action: Action.killed });
  onWork: Handler = () => ({});
  onInterrupt: Handler = () => ({ result: 0n });
  onIsolateNext: Handler = () => ({ action: Action.wait });
  onIsolateReply: Handler = () => ({});
  readonly #names: readonly string[];

  /** `pads` in the order of the image's. */
  constructor(
    { linked, code, userCode }: ToyImage,
    private readonly pads: Readonly<Record<string, Handler>>,
    makeCpu: TestCpuMaker = (hypercall) => new ToyCpu(hypercall),
  ) {
    this.linked = linked;
    this.#names = Object.keys(pads);
    const cpu = makeCpu(() => this.#answer());
    this.cpu = cpu;
    cpu.load(code);
    cpu.load(userCode);
    for (const { base, bytes } of [code, userCode]) {
      cpu.memory.map(base, bytes.length);
      cpu.memory.fill(base, bytes);
    }
    cpu.memory.map(linked.dataAddress, Number(linked.end - linked.dataAddress));
    cpu.memory.fill(linked.dataAddress, linked.data);
    cpu.rip = linked.addressOf('_start');
  }

  contextAddress(index: number): bigint {
    return this.linked.addressOf('contexts') + BigInt(index * ContextLayout.sizeBytes);
  }

  stackTop = (index: number): bigint => KERNEL_STACKS + BigInt((index + 1) * KERNEL_STACK_SLOT_BYTES);

  createNative(index: number, symbol: string): void {
    const rsp = USER_STACK + BigInt(index * USER_STACK_BYTES * 2);
    this.cpu.memory.map(rsp - BigInt(USER_STACK_BYTES), USER_STACK_BYTES);
    this.#create(index, 'context_start', 0);
    const frame = this.stackTop(index) - BigInt(FrameLayout.sizeBytes);
    const put = (offset: number, value: bigint) => this.cpu.memory.write(frame + BigInt(offset), 8, value);
    put(FrameLayout.rip, this.cpu.addressOf(symbol));
    put(FrameLayout.cs, BigInt(Selector.userCode));
    put(FrameLayout.rflags, USER_FLAGS);
    put(FrameLayout.rsp, rsp);
    put(FrameLayout.ss, BigInt(Selector.userData));
  }

  createIsolate(index: number): void {
    this.#create(index, 'isolate_loop', ContextFlag.isolate | ContextFlag.noFpu);
  }

  #create(index: number, start: string, flags: number): void {
    const { memory } = this.cpu;
    const top = this.stackTop(index);
    memory.map(top - BigInt(KERNEL_STACK_BYTES), KERNEL_STACK_BYTES);
    const rsp = top - BigInt(FrameLayout.sizeBytes + SWITCH_FRAME_BYTES);
    memory.write(rsp + BigInt(SWITCH_FRAME_BYTES - 8), 8, this.linked.addressOf(start));
    const context = this.contextAddress(index);
    memory.write(context + BigInt(ContextLayout.rsp), 8, rsp);
    memory.write(context + BigInt(ContextLayout.cr3), 8, PAGE_TABLE);
    memory.write(context + BigInt(ContextLayout.kernelStackTop), 8, top);
    memory.write(context + BigInt(ContextLayout.flags), 4, BigInt(flags));
    this.runnable.push(index);
  }

  wake(index: number): void {
    if (!this.runnable.includes(index)) this.runnable.push(index);
  }

  sleep(): Answer {
    const at = this.runnable.indexOf(this.current);
    if (at >= 0) this.runnable.splice(at, 1);
    return { action: Action.wait };
  }

  die(): Answer {
    this.sleep();
    return { action: Action.killed };
  }

  frameField(frame: bigint, name: keyof typeof FrameLayout): bigint {
    return this.cpu.memory.read(frame + BigInt(FrameLayout[name]), 8);
  }

  setFrameField(frame: bigint, name: keyof typeof FrameLayout, value: bigint): void {
    this.cpu.memory.write(frame + BigInt(FrameLayout[name]), 8, value);
  }

  setWork(index: number, value: bigint): void {
    this.cpu.memory.write(this.contextAddress(index) + BigInt(ContextLayout.work), 4, value);
  }

  /** Steps until `done`, at most `limit` instructions. Returns how many it took. */
  run(
    done: () => boolean,
    { limit = 20_000, each = () => {} }: { limit?: number; each?: () => void } = {},
  ): number {
    for (let count = 0; count < limit; count++) {
      if (done()) return count;
      this.cpu.step();
      each();
    }
    throw new Error(
      `not done after ${limit} instructions, at ${this.where()}: ${this.log.slice(-20).join(' ')}`,
    );
  }

  /** The function that the CPU is in. */
  where(): string {
    const offset = Number(this.cpu.rip - IMAGE_VIRTUAL);
    const { functions, instructions } = this.linked.assembled;
    const found = functions.findLast(({ first }) => (instructions[first]?.offset ?? 0) <= offset);
    return offset >= 0 && offset < this.linked.code.length && found ? found.name : this.cpu.rip.toString(16);
  }

  #answer(): void {
    const { registers } = this.cpu;
    const before = [...registers];
    const number = Number((registers[RAX] ?? 0n) & 0xffff_ffffn);
    const args = ARGUMENTS.map((register) => registers[register] ?? 0n);
    const { result = 0n, action = Action.done } = this.#dispatch(number, args);
    expectUnchanged(before, registers);
    registers[RAX] = BigInt.asUintN(64, result);
    if (number !== Hypercall.schedule) registers[RDX] = BigInt(action);
  }

  #dispatch(number: number, args: readonly bigint[]): Answer {
    if (number >= Hypercall.pad) return this.#pad(number - Hypercall.pad, args);
    const handler = this.#services[number];
    if (!handler) throw new Error(`no hypercall ${number}`);
    return handler(this, args);
  }

  readonly #services: Readonly<Record<number, Handler>> = {
    [Hypercall.boot]: () => {
      this.booted = true;
      return {};
    },
    [Hypercall.route]: () => ({ result: this.#route() }),
    [Hypercall.schedule]: () => this.#schedule(),
    [Hypercall.irq]: (_, args) => this.onInterrupt(this, args),
    [Hypercall.exception]: (_, args) => {
      this.log.push(EXCEPTION_HANDLERS[Number(args[1])] ?? '?');
      return this.onException(this, args);
    },
    [Hypercall.userWork]: (_, args) => this.onWork(this, args),
    [Hypercall.isolateNext]: (_, args) => this.onIsolateNext(this, args),
    [Hypercall.isolateReply]: (_, args) => this.onIsolateReply(this, args),
    [Hypercall.panic]: (_, [frame = 0n, vector = 0n]) => {
      const name = EXCEPTION_HANDLERS[Number(vector)];
      throw new Error(`panic: ${name} at ${this.frameField(frame, 'rip').toString(16)}`);
    },
  };

  #route(): bigint {
    const number = Number(this.frameField(this.cpu.rsp, 'rax'));
    return this.linked.addressOf(this.#names[number] ?? '');
  }

  #pad(index: number, args: readonly bigint[]): Answer {
    const name = this.#names[index] ?? '';
    this.log.push(name);
    return (this.pads[name] as Handler)(this, args);
  }

  /** Round robin: the next runnable context after the current one, or idle. */
  #schedule(): Answer {
    const previous = this.current;
    const at = this.runnable.indexOf(previous);
    this.current = this.runnable[(at + 1) % Math.max(1, this.runnable.length)] ?? IDLE;
    this.cpu.registers[RDX] = this.contextAddress(this.current);
    return { result: this.contextAddress(previous) };
  }
}

function expectUnchanged(before: readonly bigint[], after: readonly bigint[]): void {
  const changed = before.findIndex(
    (value, index) => index !== RAX && index !== RDX && value !== after[index],
  );
  if (changed >= 0) throw new Error(`a handler changed register ${changed}`);
}
