import { expect } from 'chai';
import { CodeCache } from './code-cache.js';
import { sharedGenerated } from './generated.js';
import { Field, RECORD_BYTES } from './layout.js';
import { Op } from './ops.js';
import { CpuState } from './state.js';
import { bytesOf } from './testing/bench.js';
import { RAM } from './layout.js';

function createCache(limits = { maps: 8, chunks: 8 }) {
  const state = new CpuState(1 << 20);
  const generated = sharedGenerated();
  const becameCode: number[] = [];
  const pageBecameCode = (physical: number) => void becameCode.push(physical);
  const cache = new CodeCache({
    state,
    decodeRecord: generated.linkDecoder(state, 'max'),
    rows: generated.rowsOf('max'),
    limits,
    pageBecameCode,
    hasBreakpoint: () => false,
    anyBreakpoint: () => false,
  });
  const write = (physical: number, hex: string) => state.u8.set(bytesOf(hex), RAM + physical);
  const recordAt = (physical: number) => state.i32[(cache.makeKnown(physical) >> 2) + (physical & 0xfff)]!;
  const op = (record: number) => state.u16[record >> 1]!;
  return { cache, state, write, recordAt, op, becameCode };
}

describe('CodeCache', () => {
  it('decodes a run into neighbouring records', () => {
    const { write, recordAt } = createCache();
    write(0x1000, '90 48 01 d8 c3');
    const first = recordAt(0x1000);
    expect(recordAt(0x1001)).to.equal(first + RECORD_BYTES);
    expect(recordAt(0x1004)).to.equal(first + 2 * RECORD_BYTES);
  });

  it('leads a jump straight to its target once that is decoded', () => {
    const { state, write, recordAt } = createCache();
    write(0x1000, '74 20 c3');
    write(0x1022, 'c3');
    const jump = recordAt(0x1000);
    const target = recordAt(0x1022);
    expect(jump + state.i32[(jump + Field.immediate) >> 2]!).to.equal(target);
  });

  it('says when a page becomes code, and takes it for data after many writes', () => {
    const { cache, write, recordAt, becameCode } = createCache();
    write(0x2000, 'c3');
    recordAt(0x2000);
    expect(becameCode).to.deep.equal([0x2000]);
    expect(cache.isCode(0x2fff)).to.equal(true);
    for (let i = 0; i < 64; i++) cache.invalidate(0x2800, 8);
    expect(cache.isCode(0x2000)).to.equal(false);
    recordAt(0x2000);
    expect(becameCode).to.deep.equal([0x2000, 0x2000]);
  });

  it('forgets instructions that begin up to 14 bytes before a write', () => {
    const { cache, write, recordAt, op } = createCache();
    write(0x1000, '90 90 90');
    const record = recordAt(0x1002);
    cache.invalidate(0x1010, 1);
    expect(op(record)).to.equal(Op.undecoded);
  });

  it('starts afresh when there is no room for another page', () => {
    const { write, recordAt, cache } = createCache({ maps: 2, chunks: 8 });
    for (const page of [0x1000, 0x2000, 0x3000]) write(page, '90 c3');
    recordAt(0x1000);
    recordAt(0x2000);
    expect(recordAt(0x3000)).to.be.greaterThan(0);
    expect([0x1000, 0x3000].map((page) => cache.isCode(page))).to.deep.equal([false, true]);
  });

  it('sends execution to a new look-up when there is no room for records', () => {
    const { write, recordAt, cache } = createCache({ maps: 8, chunks: 1 });
    write(0x1000, '90 '.repeat(70));
    let record = recordAt(0x1000);
    let next = record;
    for (let i = 0; i < 20 && next !== 0; i++) {
      record += 8 * RECORD_BYTES;
      next = cache.decodeAt(record);
    }
    expect(next).to.equal(0);
    expect(cache.isCode(0x1000)).to.equal(false);
  });
});
