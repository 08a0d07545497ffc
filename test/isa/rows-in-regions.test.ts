import { expect } from 'chai';
import { readdirSync, readFileSync } from 'node:fs';
import { RegionVectorRunner } from '../../core/cpu/testing/run-vector-in-region.js';
import type { ParsedRow } from '../../core/isa/row.js';
import { loadRows } from '../../core/isa/rows/index.js';
import type { Vector } from '../../core/isa/vectors.js';
import { parseVectors } from '../../core/isa/vectors.js';
import { plainInstance } from './instance.js';
import { OurCpu } from './our-cpu.js';
import { Random } from './random.js';
import { RegionCpu } from './region-cpu.js';
import type { Outcome, TestCase } from './test-case.js';
import { YMM_AT } from './test-case.js';

const FOLDER = new URL('../../core/isa/vectors/', import.meta.url);
/** So many instances of a row, at most, until a region does one. */
const TRIES = 12;
/** Masks on, and inexact noted: what regions take floating point in for. */
const PLAIN_MXCSR = 0x1fa0;

const { rows, families } = loadRows();
const byName = new Map(rows.map((row) => [row.name, row]));
/** Rows that a region has done. */
const inside = new Set<string>();

/** Only tier 1 does these: they look at what regions keep elsewhere, or change what regions take for granted. */
const isOfSystem = (row: ParsedRow) => /^(system|processor)$/.test(families.get(row)!);
/** Regions are made of 64-bit code. */
const isCandidate = (row: ParsedRow) => row.modes !== 'legacy' && !isOfSystem(row);

const vectors = readdirSync(FOLDER).flatMap((file) =>
  parseVectors(readFileSync(new URL(file, FOLDER), 'utf8')),
);
const candidates = vectors.filter(({ mode, row }) => mode === 64 && isCandidate(byName.get(row)!));

describe('rows inside regions', function () {
  this.timeout(120_000);

  it('do in the second tier what their vectors say', () => {
    const runner = new RegionVectorRunner();
    const wrong: [Vector, unknown][] = [];
    for (const vector of candidates) {
      const { after, isInside } = runner.run(vector);
      if (isInside) inside.add(vector.row);
      if (JSON.stringify(after) !== JSON.stringify(vector.after)) wrong.push([vector, after]);
    }
    expect(wrong).to.deep.equal([]);
  });

  it('that no vector brought inside do with ordinary numbers what tier 1 does', function () {
    const [one, two] = [new OurCpu(), new RegionCpu()];
    const outside = rows.filter((row) => isCandidate(row) && !inside.has(row.name));
    for (const row of outside) {
      const random = new Random(row.firstForm);
      for (let i = 0; i < TRIES && !inside.has(row.name); i++) {
        const testCase = ordinary(plainInstance(row, random), i % 2 === 0, random);
        const { outcome, isInside } = two.run(testCase);
        if (isInside) inside.add(row.name);
        expect(text(outcome), row.name).to.equal(text(one.run([testCase])[0]!));
      }
    }
    const left = rows.filter((row) => isCandidate(row) && !inside.has(row.name));
    this.test!.title += `; always left to tier 1: ${left.map(({ name }) => name).join(' ')}`;
    expect(left.filter(isSurprising).map(({ name }) => name)).to.deep.equal([]);
  });
});

/** Neither a loop of its own, nor microcode with many accesses, nor arithmetic that a helper does. */
const isSurprising = ({ name, unit, vectorIndex }: ParsedRow) =>
  unit === undefined && vectorIndex === undefined && !/^(REPN?E?_|INS_|OUTS_|ENTER)/.test(name);

/** Registers and memory full of numbers that no unit has to look at twice. */
function ordinary(testCase: TestCase, isSingle: boolean, random: Random): TestCase {
  const { fx } = testCase.before;
  const numbers = () => {
    const next = () => (random.below(2000) - 1000) / 8 + 0.0625;
    return new Uint8Array(
      (isSingle ? Float32Array.from({ length: 4 }, next) : Float64Array.of(next(), next())).buffer,
    );
  };
  for (let i = 0; i < 16; i++) {
    fx.set(numbers(), 160 + i * 16);
    fx.set(numbers(), YMM_AT + i * 16);
  }
  new DataView(fx.buffer, fx.byteOffset).setUint32(24, PLAIN_MXCSR, true);
  const memory = testCase.memory.map(({ offset }) => ({
    offset,
    bytes: Buffer.concat([numbers(), numbers()]),
  }));
  return { ...testCase, memory };
}

const text = (outcome: Outcome) =>
  JSON.stringify(outcome, (_, value: unknown) => {
    if (typeof value === 'bigint') return value.toString(16);
    if (value instanceof Uint8Array) return Buffer.from(value).toString('hex');
    return value instanceof BigUint64Array ? [...value].map((each) => each.toString(16)) : value;
  });
