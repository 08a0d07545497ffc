import { State } from '../layout.js';
import { CODE, createCpuBench, STACK } from './bench.js';

export const [IDT, GDT, TSS, HANDLERS] = [0xa0000, 0xa1000, 0xa2000, 0xb0000] as const;
const [KERNEL_CODE, KERNEL_DATA, USER_DATA, USER_CODE] = [
  0x00af_9b00_0000_ffffn,
  0x00cf_9300_0000_ffffn,
  0x00cf_f300_0000_ffffn,
  0x00af_fb00_0000_ffffn,
] as const;
const HLT = 0xf4;

/** What an exception left on the stack. */
export interface Frame {
  readonly vector: number;
  readonly code: bigint;
  readonly rip: bigint;
  readonly flags: bigint;
}

/** A bench with GDT, TSS, and an IDT whose gate n leads to a hlt at `HANDLERS` + 16 * n. */
export function createTablesBench(bus: Parameters<typeof createCpuBench>[0] = {}) {
  const bench = createCpuBench(bus);
  const { cpu, memory, registers } = bench;
  [0n, KERNEL_CODE, KERNEL_DATA, 0n, USER_DATA, USER_CODE].forEach((entry, i) =>
    memory.write64(GDT + i * 8, entry),
  );
  registers.gdtr = { base: BigInt(GDT), limit: 0xfff };
  registers.idtr = { base: BigInt(IDT), limit: 0xfff };
  for (let i = 0; i < 256; i++) {
    setGate(i);
    memory.write8(HANDLERS + i * 16, HLT);
  }
  registers.setSegment('tr', { selector: 0x30, base: BigInt(TSS), limit: 0x67, attributes: 0x8b });
  memory.write64(TSS + 4, BigInt(STACK));

  function setGate(vector: number, attributes = 0xee00n): void {
    const target = HANDLERS + vector * 16;
    const low = (BigInt(target >>> 16) << 48n) | (attributes << 32n) | (8n << 16n) | BigInt(target & 0xffff);
    memory.write64(IDT + vector * 16, low);
    memory.write64(IDT + 8 + vector * 16, 0n);
  }

  function toUser(): void {
    registers.cpl = 3;
    registers.setSegment('cs', { selector: 0x2b, base: 0n, limit: 0xffffffff, attributes: 0xa0fb });
    registers.setSegment('ss', { selector: 0x23, base: 0n, limit: 0xffffffff, attributes: 0xc0f3 });
  }

  /** Runs until a handler halts. */
  function runToHandler(limit = 100): Frame {
    const reason = cpu.run(limit);
    if (reason !== 'halt')
      throw new Error(`no handler was reached: ${reason} at ${registers.rip.toString(16)}`);
    cpu.state.set32(State.halted, 0);
    const vector = (Number(registers.rip) - 1 - HANDLERS) / 16;
    const hasCode = [8, 10, 11, 12, 13, 14, 17].includes(vector);
    const at = Number(registers.get(4)) + (hasCode ? 8 : 0);
    return {
      vector,
      code: hasCode ? memory.read64(at - 8) : 0n,
      rip: memory.read64(at),
      flags: memory.read64(at + 16),
    };
  }

  /** Executes one instruction in ring 0, wherever rip is, and puts rip and what it changes of the stack back. */
  function execute(hex: string): void {
    const { rip } = registers;
    bench.load(hex, CODE + 0x800);
    registers.rip = BigInt(CODE + 0x800);
    cpu.run(1);
    registers.rip = rip;
  }

  return { ...bench, setGate, toUser, runToHandler, execute };
}
