import type { Goal } from './goals.js';

export type ContenderName = 'halfcell' | 'native' | 'qemu' | 'node';

/** Seconds for one operation, or a share of one core for `unit: 'share'`; several when one start gives several. */
export type Sample = () => Promise<readonly number[]>;

/** Who takes part. `halfcell` always does; what is not installed is left out. */
export type Contenders = { readonly halfcell: Sample } & Readonly<
  Partial<Record<ContenderName, Sample | undefined>>
>;

/** Median of each contender. */
export type Medians = { readonly halfcell: number } & Readonly<Partial<Record<ContenderName, number>>>;

export interface Benchmark {
  readonly name: string;
  readonly group: 'cpu' | 'kernel' | 'start' | 'idle';
  readonly what: string;
  /** How the result is told: as a time, as operations a second, as part of one core. */
  readonly unit: 'time' | 'rate' | 'share';
  readonly goals: readonly Goal[];
  /** @throws HostError CONFIG where a tool is missing that it cannot do without */
  prepare(effort: Effort): Promise<Contenders>;
}

/** How much work a benchmark does. */
export interface Effort {
  /** Interleaved runs of each contender. */
  readonly rounds: number;
  /** Factor on the number of operations; the least is one. */
  readonly scale: number;
}

export const operations = (count: number, { scale }: Effort): number =>
  Math.max(1, Math.round(count * scale));
