import { expect } from 'chai';
import { readdirSync, readFileSync } from 'node:fs';
import { bytesOf } from '../cpu/testing/bench.js';
import { VectorRunner } from '../cpu/testing/run-vector.js';
import { Decoder } from './decoder.js';
import { disassemble } from './disassemble.js';
import { loadRows } from './rows/index.js';
import type { Vector } from './vectors.js';
import { parseVectors } from './vectors.js';

const folder = new URL('./vectors/', import.meta.url);
const files = readdirSync(folder).filter((name) => name.endsWith('.vec'));
const vectors = files.flatMap((file) => parseVectors(readFileSync(new URL(file, folder), 'utf8')));

describe('vectors', () => {
  const { rows } = loadRows();
  const decoder = new Decoder(rows);
  let runner: VectorRunner;
  before(() => (runner = new VectorRunner()));

  function check(vector: Vector): void {
    const bytes = bytesOf(vector.bytes);
    const decoded = decoder.decode(bytes, 0, bytes.length, vector.mode);
    if (typeof decoded === 'string') throw new Error(`${vector.bytes}: ${decoded}`);
    expect(decoded.row.name).to.equal(vector.row);
    expect(decoded.length).to.equal(bytes.length);
    expect(disassemble(decoded)).to.equal(vector.text);
    expect(runner.run(vector)).to.deep.equal(vector.after);
  }

  for (const vector of vectors) it(`${vector.row}: ${vector.text}`, () => check(vector));

  it('every row has one', () => {
    const tested = new Set(vectors.map(({ row }) => row));
    expect(rows.map(({ name }) => name).filter((name) => !tested.has(name))).to.deep.equal([]);
  });
});
