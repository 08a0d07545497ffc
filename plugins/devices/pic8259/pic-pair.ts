import type { ByteRegisters } from '../../../core/bus/access.js';
import type { InterruptController } from '../../../core/bus/irq-lines.js';
import { Pic8259 } from './pic8259.js';
import type { PicState } from './pic8259.js';
import { CASCADE, ELCR_MASKS } from './registers.js';

export interface PicPairState {
  readonly version: 1;
  readonly master: PicState;
  readonly slave: PicState;
}

const INPUTS = 8;

/** Two 8259A as in a PC: the slave's INT is the master's input 2. */
export class PicPair implements InterruptController {
  readonly master: Pic8259;
  readonly slave: Pic8259;

  constructor(request: (high: boolean) => void, carried?: PicPairState) {
    this.master = new Pic8259(request, carried?.master);
    this.slave = new Pic8259((high) => this.master.setLine(CASCADE, high), carried?.slave);
  }

  carry(): PicPairState {
    return { version: 1, master: this.master.carry(), slave: this.slave.carry() };
  }

  reset(): void {
    this.slave.reset();
    this.master.reset();
  }

  /** Line 2 does not exist on a PC: its input is taken. */
  lineChange(line: number, high: boolean): void {
    if (line === CASCADE) return;
    if (line < INPUTS) this.master.setLine(line, high);
    else this.slave.setLine(line - INPUTS, high);
  }

  acknowledge(): number {
    const input = this.master.acknowledge();
    if (input !== CASCADE) return this.master.vectorOf(input);
    return this.slave.vectorOf(this.slave.acknowledge());
  }

  /** Edge/level control registers: offset 0 for the master's inputs, 1 for the slave's. */
  readonly elcr: ByteRegisters = {
    read8: (offset) => (offset === 0 ? this.master : this.slave).levelTriggered,
    write8: (offset, value) => {
      const mask = ELCR_MASKS[offset] ?? 0;
      (offset === 0 ? this.master : this.slave).levelTriggered = value & mask;
    },
  };
}
