import { createMachine } from '../../core/machine.js';
import type { Machine, MachineOptions } from '../../core/machine.js';
import { planned } from '../../core/plugin/plugin-host.js';
import { pic8259 } from '../../plugins/devices/pic8259/index.js';
import { pit8254 } from '../../plugins/devices/pit8254/index.js';
import { powerOff } from '../../plugins/devices/power-off/index.js';
import { rtcCmos } from '../../plugins/devices/rtc-cmos/index.js';
import { serial16550, SerialLine } from '../../plugins/devices/serial16550/index.js';

export const CODE = 0x1_0000;
export const IRQ_BASE = 0x20;
const STACK = 0x8_0000;
const [PML4, PDPT, IDT, GDT] = [0x1000, 0x2000, 0x4000, 0x5000];
const PRESENT_WRITABLE = 3n;
const GIB_PAGE = 0x80n;
const KERNEL_CODE = 0x00af_9b00_0000_ffffn;
const KERNEL_DATA = 0x00cf_9300_0000_ffffn;
const INTERRUPT_GATE = 0x8e00n;

/** A PC with every device and our CPU, in ring 0 with the first GiB mapped one to one; held until `resume`. */
export async function createPc(options: Partial<MachineOptions> = {}) {
  const machine = createMachine({ ramMiB: 2, ...options });
  const sent: number[] = [];
  const line = new SerialLine((byte) => void sent.push(byte));
  await machine.plugins.loadAll([
    planned(pic8259, {}),
    planned(pit8254, {}),
    planned(serial16550, { line }),
    planned(rtcCmos, {}),
    planned(powerOff, {}),
  ]);
  machine.start({ held: true });
  mapMemory(machine);
  return { machine, line, sent, load: (at: number, hex: string) => machine.memory.write(at, bytesOf(hex)) };
}

/** Vector `vector` leads to `handler`. */
export function setGate({ memory }: Machine, vector: number, handler: number): void {
  const low =
    BigInt(handler & 0xffff) | (8n << 16n) | (INTERRUPT_GATE << 32n) | (BigInt(handler >>> 16) << 48n);
  memory.write64(IDT + 16 * vector, low);
  memory.write64(IDT + 16 * vector + 8, 0n);
}

/** The pair at vectors 0x20 and 0x28, with only the lines in `unmasked` let through. */
export function startPic({ ports }: Machine, unmasked: number): void {
  const words = [
    [0x20, 0x11], [0x21, IRQ_BASE], [0x21, 4], [0x21, 1], [0x21, ~unmasked & 0xff],
    [0xa0, 0x11], [0xa1, IRQ_BASE + 8], [0xa1, 2], [0xa1, 1], [0xa1, (~unmasked >> 8) & 0xff],
  ] as const; // prettier-ignore
  for (const [port, value] of words) ports.write8(port, value);
}

function mapMemory({ cpu: { registers }, memory }: Machine): void {
  memory.write64(PML4, BigInt(PDPT) | PRESENT_WRITABLE);
  memory.write64(PDPT, PRESENT_WRITABLE | GIB_PAGE);
  memory.write64(GDT + 8, KERNEL_CODE);
  memory.write64(GDT + 16, KERNEL_DATA);
  registers.cr3 = BigInt(PML4);
  registers.gdtr = { base: BigInt(GDT), limit: 23 };
  registers.idtr = { base: BigInt(IDT), limit: 0xfff };
  registers.rip = BigInt(CODE);
  registers.set(4, BigInt(STACK));
}

const bytesOf = (hex: string): Uint8Array => Uint8Array.from(Buffer.from(hex.replaceAll(' ', ''), 'hex'));
