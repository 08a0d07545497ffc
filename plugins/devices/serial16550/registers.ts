/** Offsets and bits as the PC16550D datasheet names them; grep works from datasheet to code. */
export const Reg = { RBR_THR: 0, IER: 1, IIR_FCR: 2, LCR: 3, MCR: 4, LSR: 5, MSR: 6, SCR: 7 } as const;

/** Interrupt enable. */
export const Ier = { ERBFI: 1 << 0, ETBEI: 1 << 1, ELSI: 1 << 2, EDSSI: 1 << 3 } as const;

/** Interrupt identification, bits 3..0. */
export const Iir = {
  MODEM_STATUS: 0x0,
  NONE: 0x1,
  THR_EMPTY: 0x2,
  RECEIVED_DATA: 0x4,
  LINE_STATUS: 0x6,
  CHARACTER_TIMEOUT: 0xc,
  FIFOS_ENABLED: 0xc0,
} as const;

/** FIFO control. */
export const Fcr = { ENABLE: 1 << 0, RCVR_RESET: 1 << 1, XMIT_RESET: 1 << 2, TRIGGER_SHIFT: 6 } as const;
/** Bytes at which RECEIVED_DATA is raised, by FCR bits 7..6. */
export const TRIGGER_LEVELS = [1, 4, 8, 14] as const;
export const FIFO_BYTES = 16;

/** Line control. */
export const Lcr = { WLS: 0x03, STB: 1 << 2, PEN: 1 << 3, DLAB: 1 << 7 } as const;

/** Modem control. */
export const Mcr = { DTR: 1 << 0, RTS: 1 << 1, OUT1: 1 << 2, OUT2: 1 << 3, LOOP: 1 << 4 } as const;

/** Line status. */
export const Lsr = {
  DR: 1 << 0,
  OE: 1 << 1,
  PE: 1 << 2,
  FE: 1 << 3,
  BI: 1 << 4,
  THRE: 1 << 5,
  TEMT: 1 << 6,
  FIFO_ERROR: 1 << 7,
} as const;
/** Those that ELSI turns into an interrupt and a read of LSR clears. */
export const LSR_ERRORS = Lsr.OE | Lsr.PE | Lsr.FE | Lsr.BI;

/** Modem status: a change bit for each line, then the lines. */
export const Msr = {
  DCTS: 1 << 0,
  DDSR: 1 << 1,
  TERI: 1 << 2,
  DDCD: 1 << 3,
  CTS: 1 << 4,
  DSR: 1 << 5,
  RI: 1 << 6,
  DCD: 1 << 7,
} as const;
export const MSR_CHANGES = 0x0f;

/** The clock of a PC's port, divided by 16 and by DLM:DLL. */
export const INPUT_HZ = 1_843_200;
