import { expect } from 'chai';
import { PlainLines } from './plain-lines.js';

describe('lines of a terminal without a cursor', () => {
  const reader = (...pieces: string[]) => {
    const written: string[] = [];
    const lines = new PlainLines({
      read: () => pieces.shift(),
      write: (text) => void written.push(text),
      columns: 80,
    });
    return { lines, written };
  };
  const line = (text: string) => ({ kind: 'line', text });

  it('come one by one, however they were cut, each after its prompt', () => {
    const { lines, written } = reader('on', 'e\ntwo\n\nth', 'ree\n');
    const all = ['one', 'two', '', 'three'].map(() => lines.readLine('# '));
    expect(all).to.deep.equal(['one', 'two', '', 'three'].map(line));
    expect(lines.readLine('> ')).to.deep.equal({ kind: 'end' });
    expect(written).to.deep.equal(['# ', '# ', '# ', '# ', '> ']);
  });

  it('end with one that nothing ends', () => {
    const { lines } = reader('last');
    expect([lines.readLine(''), lines.readLine('')]).to.deep.equal([line('last'), { kind: 'end' }]);
  });
});
