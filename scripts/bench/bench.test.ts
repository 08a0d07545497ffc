import { expect } from 'chai';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { builtCommandLine } from '../../test/support/built.js';
import { qemuCommand } from './bare/bare-loads.js';
import { MachineFiles } from './bare/machine-file.js';
import type { Benchmark, Medians } from './benchmark.js';
import { benchmarks } from './catalogue.js';
import { goals } from './goals.js';
import { runBenchmarks } from './index.js';
import { geometricMean, median, takeTurns } from './measure.js';
import { loads } from './loads/linux-loads.js';
import { means } from './means.js';
import { nativeProgram, runsNatively } from './native-programs.js';
import { find, halfcell, outputOf } from './processes.js';
import type { CommandLine } from './processes.js';
import { race } from './loads/race.js';
import { SteppedProgram } from './loads/stepped-program.js';
import { row, withoutEmptyColumns } from './report.js';

const LEAST = { rounds: 1, scale: 0, warmSeconds: 0 };

function fake(parts: Partial<Benchmark> = {}): Benchmark {
  return {
    name: 'fake',
    what: 'nothing',
    groups: ['cpu'],
    unit: 'time',
    goals: [],
    measure: async () => ({ halfcell: 1 }),
    ...parts,
  };
}

describe('halfcell bench', () => {
  before(() => void builtCommandLine());

  describe('runs, with the smallest amount of work,', function () {
    this.timeout(120_000);
    before(function () {
      if (!runsNatively() || !find('gcc')) this.skip();
    });
    // One of the loads stands for them all: they differ in what they compute, which another test looks at.
    const chosen = benchmarks.filter(({ mean, name }) => mean === undefined || name === 'sieve');
    for (const { name, what } of chosen) {
      it(`${name}: ${what}`, async () => {
        const printed: string[] = [];
        const status = await runBenchmarks([name], { effort: LEAST, print: (text) => printed.push(text) });
        expect(printed.join('\n')).to.include(what).and.not.include('NaN');
        expect(status).to.equal(0);
      });
    }
  });

  it('runs loads that compute the same on both tiers as on this computer', async function () {
    this.timeout(60_000);
    if (!runsNatively() || !find('gcc')) this.skip();
    const command = [await nativeProgram('loads'), 'all', '1'] as const;
    const native = await outputOf(command);
    expect(native.trim().split('\n')).to.have.length(loads.length);
    for (const tier of ['1', '2']) {
      const ours = await outputOf(halfcell('run', '--tier', tier, ...command));
      expect(ours).to.equal(
        ours.includes('lacks') ? native.replace(/matrix .*/, 'matrix lacks AVX2 and FMA') : native,
      );
    }
  });

  it('does the same each time it works on a load', async function () {
    if (!runsNatively() || !find('gcc')) this.skip();
    for (const { name } of loads) {
      const program = new SteppedProgram([await nativeProgram('loads'), name, '3']);
      if ((await program.ready()) === undefined) {
        const lines = [(await program.step()).line, (await program.step()).line];
        expect(lines[1], name).to.equal(lines[0]);
      }
      await program.end();
    }
  });

  it('builds the loads for the bare machine, which compute the same in QEMU and in halfcell, from either protocol and in 32 bits', async function () {
    this.timeout(120_000);
    if (!runsNatively() || !find('gcc') || !qemuCommand('', '')) this.skip();
    const program = await nativeProgram('loads');
    const stepped = async (command: CommandLine) => {
      const running = new SteppedProgram(command);
      return (await running.firstStep().finally(() => running.end())).line;
    };
    const native = await stepped([program, 'coremark', '10']);
    for (const image of ['multiboot', 'pvh', 'multiboot32'] as const) {
      const command = qemuCommand(await nativeProgram(image), 'coremark 10');
      expect(await stepped(command!), image).to.equal(native);
    }
    const machines = new MachineFiles(64);
    for (const image of ['pvh', 'multiboot32'] as const) {
      const command = machines.command(await nativeProgram(image), 'coremark 10');
      expect(await stepped(command), `${image} in halfcell`).to.equal(native);
    }
    machines.remove();
  });

  it('names what there is when asked for something else', async () => {
    const failure = await runBenchmarks(['speed']).catch((error: Error) => error.message);
    expect(failure).to.match(
      /^CONFIG: there is no benchmark speed; use one of cpu, kernel, tier1, bare, hooks, start, idle, coremark,/,
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
    const medians = await takeTurns(contenders, { ...LEAST, rounds: 3 });
    expect(turns.join(' ')).to.equal('halfcell native halfcell native halfcell native');
    expect(medians).to.deep.equal({ halfcell: 3, native: 2 });
  });

  it('takes the mean of the two in the middle', () => expect(median([4, 1, 3, 2])).to.equal(2.5));

  it('shows values, speeds relative to the others, and which goals are met', () => {
    const benchmark = fake({
      goals: [goals.speedOf('native', 0.5), goals.within(0.1), goals.speedOf('qemu', 1)],
    });
    expect(row(benchmark, { halfcell: 0.004, native: 0.001, cold: 0.006 })).to.deep.equal({
      benchmark: 'fake',
      what: 'nothing',
      halfcell: '4 ms',
      native: '1 ms',
      QEMU: '',
      'QEMU system': '',
      v86: '',
      'node -e 0': '',
      '× native': '4',
      'cold × native': '6',
      '× QEMU': '',
      '× QEMU system': '',
      '× v86': '',
      '× node': '',
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

  it('tells the geometric mean of the loads, and whether it is what it is to be', () => {
    const benchmark = fake({ mean: 'compute' });
    const measured = [2, 8].map((halfcell) => ({
      benchmark,
      medians: { halfcell, native: 1, cold: halfcell * 2 },
    }));
    expect(geometricMean([2, 8])).to.be.closeTo(4, 1e-12);
    expect(means(measured)).to.deep.equal([
      'geometric mean of 2: halfcell, warm, × native: 4, ≤ 6.7 ✓, ≤ 4 ✓',
      'geometric mean of 2: halfcell, cold, × native: 8, ≤ 12 ✓, ≤ 7 ✗',
    ]);
  });

  it('stops where contenders compute different things', async () => {
    const says = (line: string) =>
      [
        process.execPath,
        '-e',
        `console.log('ready'); process.stdin.on('data', () => console.log('${line}'))`,
      ] as const;
    const failure = await race(() => ({ halfcell: says('1'), native: says('2') }), 1, LEAST).catch(String);
    expect(failure).to.include('they compute different things: halfcell 1, native 2');
  });

  it('says what a contender lacks', async () => {
    const says = [process.execPath, '-e', `console.log('lacks wings')`] as const;
    expect(await race(() => ({ halfcell: says }), 1, LEAST)).to.deep.equal({
      lacking: 'halfcell lacks wings',
    });
  });

  it('leaves out columns that nobody filled', () =>
    expect(
      withoutEmptyColumns([
        { a: '1', b: '' },
        { a: '', b: '' },
      ]),
    ).to.deep.equal([{ a: '1' }, { a: '' }]));
});
