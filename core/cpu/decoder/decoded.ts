/**
 * Decodes the instruction of 64-bit code at `start` into a record and answers its length with `Decoded` flags, or 0 when it does not end before `end`.
 * Bytes that are no instruction become a record that raises what they deserve. `offset` is that of the instruction in its page.
 */
export type DecodeRecord = (
  record: number,
  start: number,
  end: number,
  offset: number,
  mode: (typeof DecodeMode)[keyof typeof DecodeMode],
) => number;

/**
 * A record for one execution does not lie among those of its page, so it cannot jump to them directly. `allThereIs`: what does not end
 * before `end` is no instruction.
 */
export const DecodeMode = { inPage: 0, once: 1, allThereIs: 2 } as const;

export const Decoded = {
  length: 15,
  /** A jump within the page: its immediate is still a distance in bytes, to be replaced by that of the target's record. */
  near: 16,
  isCall: 32,
  /** A jump or call by a distance. */
  relative: 128,
  /** No instruction behind it is reached by falling through. */
  endsRun: 64,
} as const;
