import { expect } from 'chai';
import fc from 'fast-check';
import { sharedGenerated } from '../generated.js';
import { Vector } from '../guest-fault.js';
import { CodeKind, Field, RAM, RECORD_BYTES, State } from '../layout.js';
import { LegacyDecoder } from '../legacy-decoder.js';
import type { CpuModel } from '../model.js';
import { CpuState } from '../state.js';
import { Decoded, DecodeMode } from './index.js';

const START = RAM + 0x1000;
const FIRST = State.onceRecord;
const SECOND = RAM;
const RUNS = 3000;

const PREFIXES = [0x66, 0x67, 0xf2, 0xf3, 0xf0, 0x64, 0x65, 0x2e, 0x48, 0x41, 0x40, 0x4f, 0x4c];
const byte = fc.integer({ min: 0, max: 255 });
const prefixes = fc.array(fc.constantFrom(...PREFIXES), { maxLength: 3 });
const escape = fc.constantFrom<number[]>([], [], [0x0f], [0x0f, 0x38], [0x0f, 0x3a], [0xc5]);
const longVex = byte.map((value) => [0xc4, (value & 0xe0) | (1 + (value % 3))]);
const rest = fc.array(byte, { minLength: 16, maxLength: 16 });
const bytes = fc.tuple(prefixes, fc.oneof({ weight: 5, arbitrary: escape }, longVex), rest);

/** The decoder of records and the decoder that instructions are shown with, on one memory. */
function createDecoders(model: CpuModel = 'max') {
  const state = new CpuState(1 << 20);
  const generated = sharedGenerated();
  const decode = generated.linkDecoder(state, model);
  let linked = 0;
  const linkTo = () => ((linked |= Decoded.near), SECOND);
  const reference = new LegacyDecoder(state, generated.rowsOf(model), linkTo);
  const record = (at: number) => Buffer.from(state.u8.subarray(at, at + RECORD_BYTES)).toString('hex');

  function both(code: readonly number[], available: number, offset: number, mode: 0 | 1 | 2) {
    state.u8.fill(0, FIRST, FIRST + RECORD_BYTES).fill(0, SECOND, SECOND + RECORD_BYTES);
    state.u8.set(code, START);
    linked = 0;
    const end = START + available;
    const expected = reference.decode(SECOND, START, end, { offset, kind: CodeKind.long, mode });
    const found = decode(FIRST, START, end, offset, mode);
    // The reference links by itself; here that leaves the distance to replace.
    const near = (linked & Decoded.near) !== 0;
    return { found, expected: expected | linked, records: [record(FIRST), record(SECOND)], near };
  }
  return { both };
}

function agreeOnAnything({ both }: ReturnType<typeof createDecoders>): void {
  const property = fc.property(
    bytes,
    fc.integer({ min: 1, max: 16 }),
    fc.integer({ min: 0, max: 4095 }),
    fc.constantFrom(DecodeMode.inPage, DecodeMode.once, DecodeMode.allThereIs),
    (parts, available, offset, mode) => {
      const { found, expected, records, near } = both(parts.flat(), available, offset, mode);
      expect(found & ~(Decoded.isCall | Decoded.relative)).to.equal(expected);
      const shown = near ? records.map((text) => text.slice(0, 24)) : records;
      expect(shown[0]).to.equal(shown[1]);
    },
  );
  fc.assert(property, { numRuns: RUNS });
}

describe('the decoder of records', () => {
  for (const model of ['max', 'x86-64'] as const) {
    it(`writes what the decoder of instructions finds, whatever the bytes are, for ${model}`, () => {
      agreeOnAnything(createDecoders(model));
    });
  }

  it('finds too long what has too many bytes, whatever its prefixes are', () => {
    const { both } = createDecoders();
    // 2e several times, then 66 vpaddd xmm0, xmm0, [rip + 0]: the displacement ends behind byte 15, or with it
    const vex = [0x66, 0xc5, 0xf9, 0xfe, 0x05, 0, 0, 0, 0];
    const vectorOf = (padding: number) => {
      const code = [...Array.from({ length: padding }, () => 0x2e), ...vex];
      const { records } = both(code, 16, 0, DecodeMode.once);
      return records.map((record) => Buffer.from(record, 'hex').readInt32LE(Field.immediate));
    };
    expect([vectorOf(6), vectorOf(7)]).to.deep.equal([
      [Vector.UD, Vector.UD],
      [Vector.GP, Vector.GP],
    ]);
  });

  it('tells jumps within the page from others, and calls from jumps', () => {
    const { both } = createDecoders();
    const flags = (code: number[], offset: number) => both(code, 16, offset, DecodeMode.inPage).found & ~15;
    expect(flags([0x74, 0x10], 0)).to.equal(Decoded.near | Decoded.relative);
    expect(flags([0x74, 0x10], 0xff0)).to.equal(Decoded.relative);
    expect(flags([0xe8, 0, 0, 0, 0], 0)).to.equal(Decoded.near | Decoded.relative | Decoded.isCall);
    expect(flags([0xeb, 0xfe], 0)).to.equal(Decoded.near | Decoded.relative | Decoded.endsRun);
    expect(flags([0xc3], 0)).to.equal(Decoded.endsRun);
  });
});
