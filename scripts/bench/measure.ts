import type { Contenders, Effort, Medians } from './benchmark.js';

/** Everybody in turn, round after round, so that a change of the host's pace meets all alike. */
export async function takeTurns(contenders: Contenders, { rounds }: Effort): Promise<Medians> {
  const samples = new Map<string, number[]>();
  for (let round = 0; round < rounds; round++) {
    for (const [name, sample] of participants(contenders)) {
      samples.set(name, [...(samples.get(name) ?? []), ...(await sample())]);
    }
  }
  const medians = [...samples].map(([name, values]) => [name, median(values)] as const);
  return Object.fromEntries(medians) as unknown as Medians;
}

const participants = (contenders: Contenders) =>
  Object.entries(contenders).flatMap(([name, sample]) => (sample ? [[name, sample] as const] : []));

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  const upper = sorted[middle] ?? NaN;
  return sorted.length % 2 === 1 ? upper : (upper + (sorted[middle - 1] ?? NaN)) / 2;
}

export const geometricMean = (values: readonly number[]): number =>
  Math.exp(values.reduce((sum, value) => sum + Math.log(value), 0) / values.length);
