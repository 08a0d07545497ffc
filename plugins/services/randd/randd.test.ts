import { expect } from 'chai';
import { chachaBlock, RandomSource } from './chacha.js';

const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString('hex');

describe('randd', () => {
  it('computes the block of RFC 8439, 2.3.2', () => {
    const key = new Uint32Array(Uint8Array.from({ length: 32 }, (_, i) => i).buffer);
    const block = chachaBlock(key, [1, 0x0900_0000, 0x4a00_0000, 0]);
    expect(hex(block)).equal(
      '10f1e7e4d13b5915500fdd1fa32071c4c7d1f4c733c068030422aa9ac3d46c4e' +
        'd2826446079faa0914c2d705d98b02a2b5129cd1de164eb9cbd083e8a2503c4e',
    );
  });
  it('repeats itself with the same seed, and never within one', () => {
    const make = () => new RandomSource(Uint8Array.of(1, 2, 3));
    const [a, b] = [make(), make()];
    const first = hex(a.bytes(100));
    expect(hex(b.bytes(100))).equal(first);
    expect(hex(a.bytes(100))).not.equal(first);
  });
  it('is changed by what is written to it', () => {
    const [a, b] = [new RandomSource(Uint8Array.of(1)), new RandomSource(Uint8Array.of(1))];
    a.mix(Uint8Array.of(9));
    expect(hex(a.bytes(16))).not.equal(hex(b.bytes(16)));
  });
});
