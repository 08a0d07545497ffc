import type { Ports } from '../../../core/bus/port-bus.js';

/** First serial port, registers of the 16550 (PC16550D datasheet). */
const COM1 = 0x3f8;
const Register = { RBR_THR: 0, IER: 1, FCR: 2, LCR: 3, MCR: 4, LSR: 5 } as const;
const IER_ERBFI = 0x01;
const FCR_ENABLE = 0x07;
const LCR_8N1 = 0x03;
const MCR_DTR_RTS_OUT2 = 0x0b;
const LSR_DR = 0x01;
const LSR_THRE = 0x20;
// A port that is stuck or absent (all ones) must not hold the kernel up.
const MAX_POLLS = 64;
const FLOATING_BUS = 0xff;

export const SERIAL_LINE = 4;

/** The kernel's own driver for the first serial port: polled output, input by interrupt. */
export class SerialConsole {
  constructor(private readonly ports: Ports) {}

  /** 8n1, FIFOs on, receive interrupt on. Done again after a swap of the device, which keeps its registers anyway. */
  initialise(): void {
    this.#write(Register.LCR, LCR_8N1);
    this.#write(Register.FCR, FCR_ENABLE);
    this.#write(Register.MCR, MCR_DTR_RTS_OUT2);
    this.#write(Register.IER, IER_ERBFI);
  }

  write(bytes: Uint8Array): void {
    for (const byte of bytes) {
      for (let polls = 0; polls < MAX_POLLS && !(this.#read(Register.LSR) & LSR_THRE); polls++);
      this.#write(Register.RBR_THR, byte);
    }
  }

  /** Everything the receiver holds. */
  drain(): Uint8Array {
    const bytes: number[] = [];
    for (let status = this.#read(Register.LSR); status & LSR_DR; status = this.#read(Register.LSR)) {
      if (status === FLOATING_BUS || bytes.length >= 4096) break;
      bytes.push(this.#read(Register.RBR_THR));
    }
    return Uint8Array.from(bytes);
  }

  #read(register: number): number {
    return this.ports.read8(COM1 + register);
  }

  #write(register: number, value: number): void {
    this.ports.write8(COM1 + register, value);
  }
}
