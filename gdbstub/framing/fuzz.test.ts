import { expect } from 'chai';
import fc from 'fast-check';
import { escapeBinary, unescapeBinary } from './escape.js';
import { frame } from './frame.js';
import { Framer } from './framer.js';

const SENTINEL = frame('sentinel');

function damage(packet: Uint8Array, at: number, byte: number): Uint8Array {
  const damaged = Uint8Array.from(packet);
  damaged[at % damaged.length] = byte;
  return damaged;
}

function lastBody(framer: Framer, stream: Uint8Array): string | undefined {
  const last = framer.push(stream).at(-1);
  return last?.kind === 'packet' ? last.body : undefined;
}

describe('the wire under noise', () => {
  it('finds the next packet but one after any of 1,000 damaged ones', () => {
    const pieces = fc.record({ body: fc.uint8Array({ maxLength: 60 }), at: fc.nat(100), byte: fc.nat(255) });
    const holds = fc.property(pieces, ({ body, at, byte }) => {
      const packet = damage(Buffer.from(frame(escapeBinary(body)), 'latin1'), at, byte);
      // Damage to the `#` swallows the packet behind it, never the one after that.
      const stream = Buffer.concat([packet, Buffer.from(SENTINEL + SENTINEL, 'latin1')]);
      expect(lastBody(new Framer(1000), stream)).to.equal('sentinel');
    });
    fc.assert(holds, { numRuns: 1000 });
  });

  it('survives any bytes', () => {
    const holds = fc.property(fc.array(fc.uint8Array()), (chunks) => {
      const framer = new Framer(64);
      for (const chunk of chunks) framer.push(chunk);
    });
    fc.assert(holds, { numRuns: 300 });
  });

  it('carries any bytes through an escaped body', () => {
    const holds = fc.property(fc.uint8Array({ size: 'medium' }), (bytes) => {
      const [next] = new Framer(1000).push(Buffer.from(frame(escapeBinary(bytes)), 'latin1'));
      const body = next?.kind === 'packet' ? next.body : '';
      expect([...unescapeBinary(body)]).to.deep.equal([...bytes]);
    });
    fc.assert(holds, { numRuns: 300 });
  });
});
