import { expect } from 'chai';
import { readdirSync, readFileSync } from 'node:fs';
import { VectorRunner } from '../cpu/testing/run-vector.js';
import { parseVectors } from './vectors.js';

const folder = new URL('./vectors/', import.meta.url);

describe('vectors', () => {
  const runner = new VectorRunner();
  for (const file of readdirSync(folder).filter((name) => name.endsWith('.vec'))) {
    for (const vector of parseVectors(readFileSync(new URL(file, folder), 'utf8'))) {
      it(`${vector.row}: ${vector.text}`, () => expect(runner.run(vector)).to.deep.equal(vector.after));
    }
  }
});
