/** Command words as the Intel 8259A datasheet names them. The address pin A0 tells command (0) from data (1). */
export const Port = { COMMAND: 0, DATA: 1 } as const;

/** Initialization command word 1: bit 4 tells it from OCW2 and OCW3. */
export const Icw1 = { IC4: 1 << 0, SNGL: 1 << 1, ADI: 1 << 2, LTIM: 1 << 3, ICW1: 1 << 4 } as const;
/** Initialization command word 4. */
export const Icw4 = { PM: 1 << 0, AEOI: 1 << 1, MS: 1 << 2, BUF: 1 << 3, SFNM: 1 << 4 } as const;

/** Operation command word 3: bit 3 tells it from OCW2. */
export const Ocw3 = {
  RIS: 1 << 0,
  RR: 1 << 1,
  POLL: 1 << 2,
  OCW3: 1 << 3,
  SMM: 1 << 5,
  ESMM: 1 << 6,
} as const;

/** Operation command word 2, bits 7..5: R, SL, EOI. */
export const Ocw2 = {
  ROTATE_IN_AEOI_CLEAR: 0,
  NONSPECIFIC_EOI: 1,
  NO_OPERATION: 2,
  SPECIFIC_EOI: 3,
  ROTATE_IN_AEOI_SET: 4,
  ROTATE_ON_NONSPECIFIC_EOI: 5,
  SET_PRIORITY: 6,
  ROTATE_ON_SPECIFIC_EOI: 7,
} as const;

/** Where a PC has the pair. ELCR (82371SB datasheet): bit n makes line n level-triggered. */
export const PcPorts = { MASTER: 0x20, SLAVE: 0xa0, ELCR: 0x4d0 } as const;
/** The master's input that the slave's INT is wired to. */
export const CASCADE = 2;
/** Timer, keyboard and cascade, and real-time clock and coprocessor error, are edge-triggered for good. */
export const ELCR_MASKS = [0xf8, 0xde] as const;
