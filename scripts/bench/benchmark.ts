import type { Goal } from './goals.js';

export type ContenderName = 'halfcell' | 'native' | 'qemu' | 'qemuSystem' | 'v86' | 'node';

/** Seconds for one operation, or a share of one core for `unit: 'share'`; several when one start gives several. */
export type Sample = () => Promise<readonly number[]>;

/** Who takes part. `halfcell` always does; what is not installed is left out. */
export type Contenders = { readonly halfcell: Sample } & Readonly<
  Partial<Record<ContenderName, Sample | undefined>>
>;

/** Median of each contender. */
export type Medians = { readonly halfcell: number } & Readonly<Partial<Record<ContenderName, number>>> & {
    /** Of halfcell, in a run of a second with its start. */
    readonly cold?: number | undefined;
  };

/** Why there is nothing to measure. */
export interface NotMeasured {
  readonly lacking: string;
}

export type GroupName = 'cpu' | 'tier1' | 'bare' | 'hooks' | 'kernel' | 'start' | 'idle';

export interface Benchmark {
  readonly name: string;
  readonly groups: readonly GroupName[];
  readonly what: string;
  /** How the result is told: as a time, as operations a second, as part of one core. */
  readonly unit: 'time' | 'rate' | 'share';
  readonly goals: readonly Goal[];
  /** Which mean it is part of. */
  readonly mean?: 'compute' | 'bare';
  /** @throws HostError CONFIG where a tool is missing that it cannot do without */
  measure(effort: Effort): Promise<Medians | NotMeasured>;
}

/** How much work a benchmark does. */
export interface Effort {
  /** Interleaved runs of each contender. */
  readonly rounds: number;
  /** Factor on the number of operations; the least is one. */
  readonly scale: number;
  /** How long halfcell works on a load until it counts as warm. */
  readonly warmSeconds: number;
}

export const operations = (count: number, { scale }: Effort): number =>
  Math.max(1, Math.round(count * scale));
