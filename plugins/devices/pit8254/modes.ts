/** What a counter does after `n` has been loaded, as a function of the ticks since. */
export interface Mode {
  /** OUT between the control word and the first load. */
  readonly idleHigh: boolean;
  /** What loads the counter: the count itself, or a rising gate. */
  readonly loadedBy: 'count' | 'gate';
  /** A low gate: holds the count where it is, stops and reloads when it rises, or does nothing. */
  readonly gate: 'holds' | 'restarts' | 'triggers';
  /** A new count waits for the end of the period. */
  readonly periodic: boolean;
  /** At `nextChange` OUT has been low for one tick and is high again. */
  readonly pulses: boolean;
  output(tick: number, n: number): boolean;
  count(tick: number, n: number, modulus: number): number;
  /** The tick of the next change of OUT after `tick`; Infinity when there is none. */
  nextChange(tick: number, n: number): number;
}

const countDown = (tick: number, n: number, modulus: number): number => {
  const left = (n - tick) % modulus;
  return left < 0 ? left + modulus : left;
};
const halfOf = (n: number): number => Math.ceil(n / 2);

const terminalCount = {
  periodic: false,
  pulses: false,
  output: (tick: number, n: number) => tick >= n,
  count: countDown,
  nextChange: (tick: number, n: number) => (tick < n ? n : Infinity),
} as const;

const strobe = {
  idleHigh: true,
  periodic: false,
  pulses: true,
  output: (tick: number, n: number) => tick !== n,
  count: countDown,
  nextChange: (tick: number, n: number) => (tick <= n ? n + 1 : Infinity),
} as const;

const interruptOnTerminalCount: Mode = {
  ...terminalCount,
  idleHigh: false,
  loadedBy: 'count',
  gate: 'holds',
};
const oneShot: Mode = { ...terminalCount, idleHigh: true, loadedBy: 'gate', gate: 'triggers' };
const softwareStrobe: Mode = { ...strobe, loadedBy: 'count', gate: 'holds' };
const hardwareStrobe: Mode = { ...strobe, loadedBy: 'gate', gate: 'triggers' };

const rateGenerator: Mode = {
  idleHigh: true,
  loadedBy: 'count',
  gate: 'restarts',
  periodic: true,
  pulses: true,
  output: (tick, n) => tick % n !== n - 1,
  count: (tick, n) => n - (tick % n),
  nextChange: (tick, n) => (Math.floor(tick / n) + 1) * n,
};

const squareWave: Mode = {
  idleHigh: true,
  loadedBy: 'count',
  gate: 'restarts',
  periodic: true,
  pulses: false,
  output: (tick, n) => tick % n < halfOf(n),
  count: (tick, n) => {
    const phase = tick % n;
    const inHalf = phase < halfOf(n) ? phase : phase - halfOf(n);
    return n - (n % 2) - 2 * inHalf;
  },
  nextChange: (tick, n) => {
    const phase = tick % n;
    return tick - phase + (phase < halfOf(n) ? halfOf(n) : n);
  },
};

const BY_BITS: readonly Mode[] = [
  interruptOnTerminalCount,
  oneShot,
  rateGenerator,
  squareWave,
  softwareStrobe,
  hardwareStrobe,
  rateGenerator,
  squareWave,
];

/** By M2..M0; bit 2 does not matter for modes 2 and 3. */
export function modeOf(bits: number): Mode {
  return BY_BITS[bits & 7] ?? interruptOnTerminalCount;
}
