/** Exception vectors by the manual's mnemonics (volume 3, table 6-1). */
export const Vector = {
  DE: 0,
  DB: 1,
  NMI: 2,
  BP: 3,
  OF: 4,
  BR: 5,
  UD: 6,
  NM: 7,
  DF: 8,
  TS: 10,
  NP: 11,
  SS: 12,
  GP: 13,
  PF: 14,
  MF: 16,
  AC: 17,
  MC: 18,
  XM: 19,
} as const;

const WITH_ERROR_CODE = new Set<number>([8, 10, 11, 12, 13, 14, 17]);
export const hasErrorCode = (vector: number) => WITH_ERROR_CODE.has(vector);

/**
 * Thrown in TypeScript while it acts for an instruction; caught where generated code called. Never a HostError, and
 * no Error at all: a guest provokes thousands a second, and a stack trace tells it nothing.
 */
export class GuestFault {
  constructor(
    readonly vector: number,
    readonly code = 0,
    /** Linear address of a page fault. */
    readonly address = 0n,
  ) {}

  toString(): string {
    return `guest exception ${this.vector}`;
  }
}
