import type { WideRegisters } from '../../../core/bus/access.js';
import { Pm1Control, S5 } from './registers.js';

type Off = (status: number) => void;

/** The PM1a control register as far as soft-off needs it: 0x2000 turns the machine off. */
export class PowerManagement implements WideRegisters {
  constructor(private readonly off: Off) {}

  /** ACPI mode is always on. */
  read(offset: number): number {
    return offset === 0 ? Pm1Control.SCI_EN : 0;
  }

  write(offset: number, sizeBytes: number, value: number): void {
    const register = offset === 0 ? value : sizeBytes === 1 ? value << 8 : 0;
    if (register & Pm1Control.SLP_EN && (register & Pm1Control.SLP_TYP) === S5) this.off(0);
  }
}

/** Like QEMU's isa-debug-exit: value v ends the machine with status 2v + 1, so that 0 stays a proper power-off. */
export class DebugExit implements WideRegisters {
  constructor(private readonly off: Off) {}

  read(): number {
    return 0;
  }

  write(_offset: number, _sizeBytes: number, value: number): void {
    this.off((((value << 1) >>> 0) | 1) & 0xff);
  }
}
