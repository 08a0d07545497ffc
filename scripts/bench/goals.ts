import type { ContenderName, Medians } from './benchmark.js';

export interface Goal {
  readonly text: string;
  /** Undefined: who it is compared with did not take part. */
  met(medians: Medians): boolean | undefined;
}

const against = (
  name: ContenderName,
  { halfcell, [name]: other }: Medians,
  judge: (timesAsLong: number) => boolean,
): boolean | undefined => (other === undefined ? undefined : judge(halfcell / other));

export const goals = {
  /** At least this part of the other's speed. */
  speedOf: (name: ContenderName, least: number): Goal => ({
    text: `≥ ${least} of ${name}`,
    met: (medians) => against(name, medians, (timesAsLong) => 1 / timesAsLong >= least),
  }),

  /** At most so many times as long as the other. */
  timesAsLongAs: (name: ContenderName, most: number): Goal => ({
    text: `≤ ${most} × ${name}`,
    met: (medians) => against(name, medians, (timesAsLong) => timesAsLong <= most),
  }),

  rate: (perSecond: number): Goal => ({
    text: `≥ ${perSecond.toLocaleString('en')}/s`,
    met: ({ halfcell }) => 1 / halfcell >= perSecond,
  }),

  within: (seconds: number): Goal => ({
    text: `≤ ${seconds < 1e-3 ? `${Math.round(seconds * 1e9)} ns` : `${seconds} s`}`,
    met: ({ halfcell }) => halfcell <= seconds,
  }),

  share: (most: number): Goal => ({
    text: `< ${most * 100} %`,
    met: ({ halfcell }) => halfcell < most,
  }),
};

/** What is to be reached, and what would be better still. */
export const reachAndStretch = (name: ContenderName, reach: number, stretch: number): Goal[] => [
  goals.timesAsLongAs(name, reach),
  goals.timesAsLongAs(name, stretch),
];
