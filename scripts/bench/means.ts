import type { Benchmark, ContenderName, Medians } from './benchmark.js';
import { geometricMean } from './measure.js';
import { threeDigits, verdict } from './report.js';

export interface Measured {
  readonly benchmark: Benchmark;
  readonly medians: Medians;
}

interface Mean {
  readonly text: string;
  readonly of: (medians: Medians) => number | undefined;
  /** Reach and stretch. */
  readonly goals?: readonly number[];
}

const ratio =
  (name: 'halfcell' | 'cold' | ContenderName, to: ContenderName) =>
  (medians: Medians): number | undefined => {
    const [one, other] = [medians[name], medians[to]];
    return one === undefined || other === undefined ? undefined : one / other;
  };

const MEANS: Readonly<Record<NonNullable<Benchmark['mean']>, readonly Mean[]>> = {
  compute: [
    { text: 'halfcell, warm, × native', of: ratio('halfcell', 'native'), goals: [6.7, 4] },
    { text: 'halfcell, cold, × native', of: ratio('cold', 'native'), goals: [12, 7] },
    { text: 'QEMU user mode × native', of: ratio('qemu', 'native') },
    { text: 'halfcell, warm, × QEMU user mode', of: ratio('halfcell', 'qemu') },
  ],
  bare: [
    { text: 'halfcell × QEMU system mode', of: ratio('halfcell', 'qemuSystem') },
    { text: 'halfcell × v86', of: ratio('halfcell', 'v86') },
  ],
};

/** A line for each geometric mean that can be told. */
export function means(measured: readonly Measured[]): string[] {
  return Object.entries(MEANS).flatMap(([group, list]) => {
    const members = measured.filter(({ benchmark }) => benchmark.mean === group);
    return list.flatMap((mean) => line(mean, members));
  });
}

function line({ text, of, goals = [] }: Mean, members: readonly Measured[]): string[] {
  const ratios = members.map(({ medians }) => of(medians)).filter((value) => value !== undefined);
  if (ratios.length < 2) return [];
  const mean = geometricMean(ratios);
  const judged = goals.map((most) => `, ≤ ${most} ${verdict(mean <= most)}`).join('');
  return [`geometric mean of ${ratios.length}: ${text}: ${threeDigits(mean)}${judged}`];
}
