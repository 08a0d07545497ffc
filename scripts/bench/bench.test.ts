import { expect } from 'chai';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Benchmark, Medians } from './benchmark.js';
import { benchmarks } from './catalogue.js';
import { goals } from './goals.js';
import { runBenchmarks } from './index.js';
import { measure, median } from './measure.js';
import { runsNatively } from './native-programs.js';
import { find } from './processes.js';
import { row, withoutEmptyColumns } from './report.js';

const LEAST = { rounds: 1, scale: 0 };

function fake(parts: Partial<Benchmark> = {}): Benchmark {
  return {
    name: 'fake',
    what: 'nothing',
    group: 'cpu',
    unit: 'time',
    goals: [],
    prepare: async () => ({ halfcell: async () => [1] }),
    ...parts,
  };
}

describe('halfcell bench', () => {
  describe('runs, with the smallest amount of work,', function () {
    this.timeout(120_000);
    before(function () {
      if (!runsNatively() || !find('gcc')) this.skip();
    });
    for (const { name, what } of benchmarks) {
      it(`${name}: ${what}`, async () => {
        const printed: string[] = [];
        const status = await runBenchmarks([name], { effort: LEAST, print: (text) => printed.push(text) });
        expect(printed.join('\n')).to.include(what).and.not.include('NaN');
        expect(status).to.equal(0);
      });
    }
  });

  it('names what there is when asked for something else', async () => {
    const failure = await runBenchmarks(['speed']).catch((error: Error) => error.message);
    expect(failure).to.match(
      /^CONFIG: there is no benchmark speed; use one of cpu, kernel, start, idle, int,/,
    );
  });

  it('says what to install where there is no compiler', async () => {
    const { PATH, XDG_CACHE_HOME } = process.env;
    const cache = mkdtempSync(join(tmpdir(), 'bench-'));
    Object.assign(process.env, { PATH: cache, XDG_CACHE_HOME: cache });
    try {
      const printed: string[] = [];
      const status = await runBenchmarks(['int'], { effort: LEAST, print: (text) => printed.push(text) });
      expect(printed).to.deep.equal([
        'int: CONFIG: there is no gcc to build the programs with; install gcc and the static C library (Debian: apt install gcc libc6-dev)',
      ]);
      expect(status).to.equal(1);
    } finally {
      Object.assign(process.env, { PATH, XDG_CACHE_HOME });
      if (XDG_CACHE_HOME === undefined) delete process.env['XDG_CACHE_HOME'];
      rmSync(cache, { recursive: true });
    }
  });

  it('takes turns, and tells the median of each contender', async () => {
    const turns: string[] = [];
    const sample = (name: string, values: number[]) => async () => {
      turns.push(name);
      return [values.shift() ?? 0];
    };
    const contenders = { halfcell: sample('halfcell', [5, 1, 3]), native: sample('native', [2, 2, 9]) };
    const medians = await measure(fake({ prepare: async () => contenders }), { rounds: 3, scale: 1 });
    expect(turns.join(' ')).to.equal('halfcell native halfcell native halfcell native');
    expect(medians).to.deep.equal({ halfcell: 3, native: 2 });
  });

  it('takes the mean of the two in the middle', () => expect(median([4, 1, 3, 2])).to.equal(2.5));

  it('shows values, speeds relative to the others, and which goals are met', () => {
    const benchmark = fake({
      goals: [goals.speedOf('native', 0.5), goals.within(0.1), goals.speedOf('qemu', 1)],
    });
    expect(row(benchmark, { halfcell: 0.004, native: 0.001 })).to.deep.equal({
      benchmark: 'fake',
      what: 'nothing',
      halfcell: '4 ms',
      'of native': '0.25 (1 ms)',
      'of QEMU': '',
      'of node -e 0': '',
      goal: '≥ 0.5 of native ✗, ≤ 0.1 s ✓, ≥ 1 of qemu (not measured)',
    });
  });

  it('tells rates and shares in their own units', () => {
    const shown = (unit: Benchmark['unit'], medians: Medians) => row(fake({ unit }), medians).halfcell;
    expect(shown('rate', { halfcell: 2e-6 })).to.equal('500,000/s');
    expect(shown('share', { halfcell: 0.0123 })).to.equal('1.23 %');
  });

  it('judges goals by rate, share and time', () => {
    const judged = (goal: Benchmark['goals'][number], medians: Medians) => goal.met(medians);
    expect(judged(goals.rate(1000), { halfcell: 0.0009 })).to.equal(true);
    expect(judged(goals.share(0.02), { halfcell: 0.02 })).to.equal(false);
    expect(judged(goals.timesAsLongAs('node', 4), { halfcell: 3, node: 1 })).to.equal(true);
    expect(judged(goals.timesAsLongAs('node', 4), { halfcell: 5, node: 1 })).to.equal(false);
  });

  it('leaves out columns that nobody filled', () =>
    expect(
      withoutEmptyColumns([
        { a: '1', b: '' },
        { a: '', b: '' },
      ]),
    ).to.deep.equal([{ a: '1' }, { a: '' }]));
});
