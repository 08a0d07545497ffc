import { expect } from 'chai';
import { frame } from './frame.js';
import { Framer } from './framer.js';
import type { Frame } from './framer.js';

const bytes = (text: string) => Buffer.from(text, 'latin1');
const kinds = (frames: readonly Frame[]) => frames.map((next) => next.kind);

describe('Framer', () => {
  const stream = `+${frame('m7c00,2')}\x03-${frame('X0,3:\x03}\x03+')}`;
  const whole = [
    { kind: 'ack' },
    { kind: 'packet', body: 'm7c00,2' },
    { kind: 'interrupt' },
    { kind: 'nak' },
    { kind: 'packet', body: 'X0,3:\x03}\x03+' },
  ];

  for (let cut = 0; cut <= stream.length; cut++) {
    it(`yields the same frames when the stream is cut at ${cut}`, () => {
      const framer = new Framer(100);
      const frames = [...framer.push(bytes(stream.slice(0, cut))), ...framer.push(bytes(stream.slice(cut)))];
      expect(frames).to.deep.equal(whole);
    });
  }

  it('yields the same frames byte by byte', () => {
    const framer = new Framer(100);
    expect([...stream].flatMap((char) => framer.push(bytes(char)))).to.deep.equal(whole);
  });

  it('reports a wrong checksum and takes the next packet', () => {
    expect(kinds(new Framer(100).push(bytes(`$g#00${frame('g')}`)))).to.deep.equal(['damaged', 'packet']);
  });

  it('accepts a checksum in capitals', () => {
    expect(kinds(new Framer(100).push(bytes('$qJ#BB')))).to.deep.equal(['packet']);
  });

  it('reports a packet that another one cuts off, in its body or its checksum', () => {
    const frames = new Framer(100).push(bytes(`$m7c${frame('g')}$m7#1${frame('g')}`));
    expect(kinds(frames)).to.deep.equal(['damaged', 'packet', 'damaged', 'packet']);
  });

  it('ignores noise between packets', () => {
    expect(new Framer(100).push(bytes(`#}\0abc\r\n${frame('?')}`))).to.deep.equal([
      { kind: 'packet', body: '?' },
    ]);
  });

  it('reports a packet above the limit as damaged and keeps none of it', () => {
    const framer = new Framer(16);
    expect(framer.push(bytes(`$${'m'.repeat(1_000_000)}`))).to.deep.equal([]);
    expect(kinds(framer.push(bytes(`#00${frame('g')}`)))).to.deep.equal(['damaged', 'packet']);
  });
});
