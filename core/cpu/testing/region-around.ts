import { LeftBy, State } from '../layout.js';
import { putSnapshot, takeSnapshot } from '../snapshot.js';
import type { X86Cpu } from '../cpu.js';

/** So long a loop does not do several turns in one go, for which the steps below would not do. */
const NOPS = 40;
/** Those, the jump back to the head that is never taken, the jump to the instruction, and the instruction. */
const STEPS = NOPS + 3;
const [NOP, JUMP_IF_CARRY, JUMP_UNLESS_CARRY, JUMP] = [0x90, 0x72, 0x73, 0xe9] as const;

/**
 * A loop whose first round leads to an instruction `distance` bytes from its start. What is behind the instruction, and where it may lead
 * to, has to be code that belongs to no region.
 */
export function headBefore(distance: number, carry: boolean): Uint8Array {
  const back = carry ? JUMP_UNLESS_CARRY : JUMP_IF_CARRY;
  const head = [...Array<number>(NOPS).fill(NOP), back, -NOPS - 2, JUMP];
  const rest = new Uint8Array(Int32Array.of(distance - head.length - 4).buffer);
  return Uint8Array.of(...head, ...rest);
}

/**
 * Runs the instruction behind such a head, which is at rip, inside a region. False when the region has left the instruction to tier 1.
 * `cpu` compiles at once, from the first time on.
 */
export function runInRegion(cpu: X86Cpu, again: () => void): boolean {
  const before = takeSnapshot(cpu.state, 0);
  // Compiles the region, and brings the pages that the instruction touches into the TLB.
  cpu.run(STEPS);
  putSnapshot(cpu.state, before);
  again();
  cpu.state.set32(State.leftBy, LeftBy.exit);
  cpu.run(STEPS);
  return cpu.state.get32(State.leftBy) !== LeftBy.exit;
}
