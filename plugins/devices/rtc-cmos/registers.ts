/** Addresses and bits as the MC146818A datasheet names them. */
export const Reg = {
  SECONDS: 0x00,
  SECONDS_ALARM: 0x01,
  MINUTES: 0x02,
  MINUTES_ALARM: 0x03,
  HOURS: 0x04,
  HOURS_ALARM: 0x05,
  DAY_OF_WEEK: 0x06,
  DATE_OF_MONTH: 0x07,
  MONTH: 0x08,
  YEAR: 0x09,
  A: 0x0a,
  B: 0x0b,
  C: 0x0c,
  D: 0x0d,
  /** Not of the chip but of PC firmware: ACPI's FADT names it. */
  CENTURY: 0x32,
} as const;

export const RegA = { RS: 0x0f, DV: 0x70, UIP: 1 << 7 } as const;
/** DV: 2 counts from 32768 Hz, 6 and 7 hold the divider in reset. */
export const Divider = { SHIFT: 4, RUNNING: 2, RESET: 6 } as const;
export const RegB = {
  DSE: 1 << 0,
  HOURS_24: 1 << 1,
  DM_BINARY: 1 << 2,
  SQWE: 1 << 3,
  UIE: 1 << 4,
  AIE: 1 << 5,
  PIE: 1 << 6,
  SET: 1 << 7,
} as const;
export const RegC = { UF: 1 << 4, AF: 1 << 5, PF: 1 << 6, IRQF: 1 << 7 } as const;
/** The interrupt flags of C stand where their enables stand in B. */
export const INTERRUPTS = RegC.UF | RegC.AF | RegC.PF;
export const RegD = { VRT: 1 << 7 } as const;

/** Alarm bytes from 0xc0 match anything. */
export const ANY = 0xc0;
export const HOUR_PM = 1 << 7;
/** UIP rises this long before an update. */
export const UIP_NS = 244_000;

export const PcPorts = { ADDRESS: 0x70, DATA: 0x71 } as const;
export const NVRAM_BYTES = 128;
