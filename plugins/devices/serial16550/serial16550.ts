import type { ByteRegisters } from '../../../core/bus/access.js';
import type { Dispose } from '../../../core/lifecycle/scope.js';
import {
  Fcr,
  FIFO_BYTES,
  Ier,
  Iir,
  INPUT_HZ,
  Lcr,
  Lsr,
  LSR_ERRORS,
  Mcr,
  Msr,
  MSR_CHANGES,
  Reg,
  TRIGGER_LEVELS,
} from './registers.js';

export interface SerialState {
  readonly version: 1;
  ier: number;
  fcr: number;
  lcr: number;
  mcr: number;
  /** Errors that no read of LSR has cleared yet. */
  lineErrors: number;
  modemChanges: number;
  scratch: number;
  divisor: number;
  /** Received bytes, oldest first, with their line errors. */
  received: { byte: number; errors: number }[];
  /** Bytes written and not yet sent, oldest first; the first is in the shift register. */
  sending: number[];
  thrEmptyInterrupt: boolean;
  characterTimeout: boolean;
}

export interface SerialWires {
  transmit(byte: number): void;
  setIrq(high: boolean): void;
  /** A byte that waits on the line; asked only when there is room. */
  take(): number | undefined;
  after(delayNs: number, fire: () => void): Dispose;
}

export interface SerialOptions {
  /** Sending takes the time that the divisor says, instead of none. */
  readonly paced?: boolean;
}

const initialState = (): SerialState => ({
  version: 1,
  ier: 0,
  fcr: 0,
  lcr: 0,
  mcr: 0,
  lineErrors: 0,
  modemChanges: 0,
  scratch: 0,
  divisor: 1,
  received: [],
  sending: [],
  thrEmptyInterrupt: false,
  characterTimeout: false,
});

/** The chip alone, by the PC16550D datasheet: no bus, no machine, no plugin host. */
export class Serial16550 implements ByteRegisters {
  readonly #state: SerialState;
  readonly #paced: boolean;
  #cancelTimeout: Dispose = () => {};
  #cancelShift: Dispose = () => {};
  #irqHigh = false;

  constructor(
    private readonly wires: SerialWires,
    { paced = false }: SerialOptions = {},
    carried?: SerialState,
  ) {
    this.#state = carried ? structuredClone(carried) : initialState();
    this.#paced = paced;
    if (this.#state.sending.length > 0) this.#shiftOut();
    this.#armTimeout();
    this.#updateIrq();
  }

  carry(): SerialState {
    return structuredClone(this.#state);
  }

  /** MR, the reset pin: registers as table 1 of the datasheet says; divisor and scratch keep their values. */
  reset(): void {
    const { divisor, scratch } = this.#state;
    void this.#cancelShift();
    void this.#cancelTimeout();
    Object.assign(this.#state, initialState(), { divisor, scratch });
    this.#updateIrq();
    this.takeWaiting();
  }

  /** Fills the receiver from the line as far as there is room. */
  takeWaiting(): void {
    if (this.#looped) return;
    while (this.#state.received.length < this.#room) {
      const byte = this.wires.take();
      if (byte === undefined) return;
      this.receive(byte);
    }
  }

  /** A byte comes in, with the LSR error bits it was received under. A full receiver overruns. */
  receive(byte: number, errors = 0): void {
    const state = this.#state;
    if (state.received.length >= this.#room) {
      state.lineErrors |= Lsr.OE;
      // Without FIFO the new byte takes the place of the old; a full FIFO keeps what it has.
      if (!this.#fifos) state.received = [{ byte, errors }];
    } else state.received.push({ byte, errors });
    this.#showErrors();
    state.characterTimeout = false;
    this.#armTimeout();
    this.#updateIrq();
  }

  read8(offset: number): number {
    return this.#reads[offset]?.() ?? 0xff;
  }

  write8(offset: number, value: number): void {
    this.#writes[offset]?.(value & 0xff);
    this.#updateIrq();
  }

  readonly #reads: Readonly<Record<number, () => number>> = {
    [Reg.RBR_THR]: () => (this.#dlab ? this.#state.divisor & 0xff : this.#readReceived()),
    [Reg.IER]: () => (this.#dlab ? this.#state.divisor >> 8 : this.#state.ier),
    [Reg.IIR_FCR]: () => this.#readInterrupt(),
    [Reg.LCR]: () => this.#state.lcr,
    [Reg.MCR]: () => this.#state.mcr,
    [Reg.LSR]: () => this.#readLineStatus(),
    [Reg.MSR]: () => this.#readModemStatus(),
    [Reg.SCR]: () => this.#state.scratch,
  };

  readonly #writes: Readonly<Record<number, (value: number) => void>> = {
    [Reg.RBR_THR]: (value) => (this.#dlab ? this.#setDivisor(value, 0) : this.#send(value)),
    [Reg.IER]: (value) => (this.#dlab ? this.#setDivisor(value, 8) : this.#enableInterrupts(value & 0x0f)),
    [Reg.IIR_FCR]: (value) => this.#controlFifos(value),
    [Reg.LCR]: (value) => (this.#state.lcr = value),
    [Reg.MCR]: (value) => this.#controlModem(value & 0x1f),
    [Reg.SCR]: (value) => (this.#state.scratch = value),
  };

  get #dlab(): boolean {
    return (this.#state.lcr & Lcr.DLAB) !== 0;
  }

  get #fifos(): boolean {
    return (this.#state.fcr & Fcr.ENABLE) !== 0;
  }

  get #looped(): boolean {
    return (this.#state.mcr & Mcr.LOOP) !== 0;
  }

  get #room(): number {
    return this.#fifos ? FIFO_BYTES : 1;
  }

  get #triggerLevel(): number {
    return this.#fifos ? (TRIGGER_LEVELS[this.#state.fcr >> Fcr.TRIGGER_SHIFT] ?? 1) : 1;
  }

  /** Start, data, parity and stop bits at the rate of the divisor; 0 divides by 65536 as a counter would. */
  get #characterNs(): number {
    const { lcr, divisor } = this.#state;
    const bits = 1 + 5 + (lcr & Lcr.WLS) + (lcr & Lcr.PEN ? 1 : 0) + (lcr & Lcr.STB ? 2 : 1);
    return (bits * 16 * (divisor || 0x10000) * 1e9) / INPUT_HZ;
  }

  #readReceived(): number {
    const { byte } = this.#state.received.shift() ?? { byte: 0 };
    this.#showErrors();
    this.#state.characterTimeout = false;
    this.takeWaiting();
    this.#armTimeout();
    this.#updateIrq();
    return byte;
  }

  /** The errors of a byte show in LSR once it is the next to be read. */
  #showErrors(): void {
    const first = this.#state.received[0];
    if (!first) return;
    this.#state.lineErrors |= first.errors;
    first.errors = 0;
  }

  #readInterrupt(): number {
    const cause = this.#cause();
    if (cause === Iir.THR_EMPTY) this.#state.thrEmptyInterrupt = false;
    this.#updateIrq();
    return cause | (this.#fifos ? Iir.FIFOS_ENABLED : 0);
  }

  #readLineStatus(): number {
    const { received, sending, lineErrors } = this.#state;
    const hidden = this.#fifos && received.some(({ errors }) => errors !== 0);
    const waiting = received.length > 0 ? Lsr.DR : 0;
    const empty = (this.#thrEmpty ? Lsr.THRE : 0) | (sending.length === 0 ? Lsr.TEMT : 0);
    this.#state.lineErrors = 0;
    this.#updateIrq();
    return lineErrors | waiting | empty | (hidden ? Lsr.FIFO_ERROR : 0);
  }

  #readModemStatus(): number {
    const status = this.#modemLines() | this.#state.modemChanges;
    this.#state.modemChanges = 0;
    this.#updateIrq();
    return status;
  }

  /** A null modem's far end is always ready; in loopback the outputs come back in. */
  #modemLines(): number {
    if (!this.#looped) return Msr.CTS | Msr.DSR | Msr.DCD;
    const { mcr } = this.#state;
    const pairs = [
      [Mcr.RTS, Msr.CTS],
      [Mcr.DTR, Msr.DSR],
      [Mcr.OUT1, Msr.RI],
      [Mcr.OUT2, Msr.DCD],
    ] as const;
    return pairs.reduce((lines, [output, input]) => lines | (mcr & output ? input : 0), 0);
  }

  #controlModem(value: number): void {
    const before = this.#modemLines();
    this.#state.mcr = value;
    const lines = this.#modemLines();
    // RI counts only when it ends (TERI); the other three at every change.
    const changed = ((before ^ lines) & ~Msr.RI) | (before & ~lines & Msr.RI);
    this.#state.modemChanges |= (changed >> 4) & MSR_CHANGES;
    this.takeWaiting();
  }

  #setDivisor(value: number, shift: 0 | 8): void {
    this.#state.divisor = (this.#state.divisor & (0xff00 >> shift)) | (value << shift);
  }

  #enableInterrupts(value: number): void {
    const raised = value & ~this.#state.ier;
    this.#state.ier = value;
    if (raised & Ier.ETBEI && this.#thrEmpty) this.#state.thrEmptyInterrupt = true;
  }

  #controlFifos(value: number): void {
    const toggled = (value ^ this.#state.fcr) & Fcr.ENABLE;
    this.#state.fcr = value & Fcr.ENABLE ? value & ~(Fcr.RCVR_RESET | Fcr.XMIT_RESET) : 0;
    if (toggled || value & Fcr.RCVR_RESET) this.#state.received = [];
    // What is in the shift register already leaves the chip.
    if (toggled || value & Fcr.XMIT_RESET) this.#state.sending.splice(1);
    this.#state.characterTimeout = false;
    this.takeWaiting();
  }

  get #thrEmpty(): boolean {
    return this.#state.sending.length <= 1;
  }

  #send(byte: number): void {
    const { sending } = this.#state;
    this.#state.thrEmptyInterrupt = false;
    if (sending.length > this.#room) sending.pop();
    sending.push(byte);
    if (sending.length === 1) this.#shiftOut();
  }

  /** The byte in the shift register leaves when its time has come; until then a successor would send it anew. */
  #shiftOut(): void {
    if (this.#thrEmpty) this.#state.thrEmptyInterrupt = true;
    if (this.#paced) this.#cancelShift = this.wires.after(this.#characterNs, () => this.#sent());
    else this.#sent();
  }

  #sent(): void {
    const byte = this.#state.sending.shift();
    if (byte !== undefined) this.#deliver(byte);
    if (this.#state.sending.length > 0) this.#shiftOut();
    this.#updateIrq();
  }

  #deliver(byte: number): void {
    if (this.#looped) this.receive(byte);
    else this.wires.transmit(byte);
  }

  /** Four character times without a read or a new byte, while fewer than the trigger level wait. */
  #armTimeout(): void {
    void this.#cancelTimeout();
    this.#cancelTimeout = () => {};
    if (!this.#fifos || this.#state.received.length === 0) return;
    this.#cancelTimeout = this.wires.after(4 * this.#characterNs, () => {
      this.#state.characterTimeout = this.#state.received.length > 0;
      this.#updateIrq();
    });
  }

  /** Highest priority first, as table 5 of the datasheet. */
  #cause(): number {
    const { ier, received, lineErrors, thrEmptyInterrupt, characterTimeout, modemChanges } = this.#state;
    if (ier & Ier.ELSI && lineErrors & LSR_ERRORS) return Iir.LINE_STATUS;
    if (ier & Ier.ERBFI && received.length >= this.#triggerLevel) return Iir.RECEIVED_DATA;
    if (ier & Ier.ERBFI && characterTimeout) return Iir.CHARACTER_TIMEOUT;
    if (ier & Ier.ETBEI && thrEmptyInterrupt) return Iir.THR_EMPTY;
    if (ier & Ier.EDSSI && modemChanges) return Iir.MODEM_STATUS;
    return Iir.NONE;
  }

  /** On a PC the interrupt leaves the card only while OUT2 is on. */
  #updateIrq(): void {
    const high = (this.#state.mcr & Mcr.OUT2) !== 0 && this.#cause() !== Iir.NONE;
    if (high === this.#irqHigh) return;
    this.#irqHigh = high;
    this.wires.setIrq(high);
  }
}
