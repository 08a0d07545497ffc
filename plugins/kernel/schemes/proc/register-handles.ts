import { Errno } from '../../../../core/abi/errno.js';
import {
  FLOAT_REGISTERS_BYTES,
  EnvRegisters as EnvLayout,
  IntRegisters as IntLayout,
} from '../../../../core/abi/structs.js';
import type { Context } from '../../contexts/context.js';
import type { Outcome } from '../../contexts/outcome.js';
import type { Caller, UserBuffer } from '../../files/description.js';
import { FrameLayout } from '../../image/layout.js';
import type { ProcHandle } from './proc-handle.js';

/** CF PF AF ZF SF TF DF OF: all that regs/int may change of rflags. */
const WRITABLE_FLAGS = 0xdd5n;
const FIXED: ReadonlySet<string> = new Set(['cs', 'ss', 'rflags']);
const USER_HALF_BITS = 47n;

type RegisterName = keyof ReturnType<typeof IntLayout.decode>;
const NAMES = Object.keys(IntLayout.fields) as RegisterName[];

/** General registers of the interrupted user code. */
export class IntegerRegisters implements ProcHandle {
  constructor(private readonly context: Context) {}

  read({ kernel }: Caller, into: UserBuffer): Outcome {
    if (this.context.engine.kind !== 'native' || this.context.state === 'dead') return -Errno.ENOTRECOVERABLE;
    const guest = kernel.guest(this.context);
    const values = Object.fromEntries(NAMES.map((name) => [name, guest.frame(FrameLayout[name])]));
    return into.write(IntLayout.encode(values as never));
  }

  write({ kernel }: Caller, from: UserBuffer): Outcome {
    if (this.context.engine.kind !== 'native' || this.context.state === 'dead') return -Errno.ENOTRECOVERABLE;
    if (from.length < IntLayout.sizeBytes) return -Errno.EINVAL;
    const values = IntLayout.decode(from.read(IntLayout.sizeBytes));
    const guest = kernel.guest(this.context);
    for (const name of NAMES) if (!FIXED.has(name)) guest.setFrame(FrameLayout[name], values[name]);
    const kept = guest.frame(FrameLayout.rflags) & ~WRITABLE_FLAGS;
    guest.setFrame(FrameLayout.rflags, kept | (values.rflags & WRITABLE_FLAGS));
    return IntLayout.sizeBytes;
  }
}

/** The first 416 bytes of the FXSAVE area. */
export class FloatRegisters implements ProcHandle {
  constructor(private readonly context: Context) {}

  read({ kernel }: Caller, into: UserBuffer): Outcome {
    return into.write(kernel.guest(this.context).fpu.subarray(0, FLOAT_REGISTERS_BYTES));
  }

  write({ kernel }: Caller, from: UserBuffer): Outcome {
    if (from.length < FLOAT_REGISTERS_BYTES) return -Errno.EINVAL;
    const guest = kernel.guest(this.context);
    const area = guest.fpu;
    area.set(from.read(FLOAT_REGISTERS_BYTES));
    // A reserved MXCSR bit would make FXRSTOR fault in the kernel.
    const mxcsr = new DataView(area.buffer, area.byteOffset).getUint32(24, true) & 0xffff;
    new DataView(area.buffer, area.byteOffset).setUint32(24, mxcsr, true);
    guest.fpu = area;
    return FLOAT_REGISTERS_BYTES;
  }
}

/** FS and GS base. */
export class EnvironmentRegisters implements ProcHandle {
  constructor(private readonly context: Context) {}

  read({ kernel }: Caller, into: UserBuffer): Outcome {
    const { fsBase, gsBase } = kernel.guest(this.context);
    return into.write(EnvLayout.encode({ fsBase, gsBase }));
  }

  write({ kernel, context }: Caller, from: UserBuffer): Outcome {
    if (from.length < EnvLayout.sizeBytes) return -Errno.EINVAL;
    const { fsBase, gsBase } = EnvLayout.decode(from.read(EnvLayout.sizeBytes));
    if (fsBase >> USER_HALF_BITS || gsBase >> USER_HALF_BITS) return -Errno.EINVAL;
    const guest = kernel.guest(this.context);
    guest.fsBase = fsBase;
    guest.gsBase = gsBase;
    if (this.context !== context) return EnvLayout.sizeBytes;
    kernel.cpu.registers.fsBase = fsBase;
    kernel.cpu.registers.kernelGsBase = gsBase;
    return EnvLayout.sizeBytes;
  }
}
