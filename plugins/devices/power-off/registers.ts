/** ACPI specification, PM1 control registers: SLP_TYPx in bits 12..10, SLP_EN in bit 13. */
export const Pm1Control = { SCI_EN: 1 << 0, SLP_TYP: 7 << 10, SLP_EN: 1 << 13 } as const;
/** The sleep type of S5 on QEMU's PIIX4 machine, as its \_S5 object says. */
export const S5 = 0 << 10;

export const PcPorts = { PM1A_CONTROL: 0x604, DEBUG_EXIT: 0xf4 } as const;
