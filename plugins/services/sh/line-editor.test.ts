import { expect } from 'chai';
import { LineEditor } from './line-editor.js';
import type { EditResult } from './line-editor.js';

/** Types keys into an editor over `history`; candidates for Tab are `words`. */
function edit(keys: string, history: readonly string[] = [], words: readonly string[] = []) {
  const pieces = [...keys];
  let shown = '';
  const terminal = {
    read: () => pieces.shift(),
    write: (text: string) => void (shown += text),
    columns: 20,
  };
  const complete = (text: string, cursor: number) => {
    const from = text.lastIndexOf(' ', cursor - 1) + 1;
    const word = text.slice(from, cursor);
    return { from, candidates: words.filter((candidate) => candidate.startsWith(word)) };
  };
  const result: EditResult = new LineEditor(terminal, history, complete).readLine('$ ');
  return { text: result.kind === 'line' ? result.text : result.kind, shown };
}

const cases: Readonly<Record<string, readonly [keys: string, text: string]>> = {
  'takes a line': ['abc\r', 'abc'],
  'inserts where the cursor is': ['ac\x1b[Db\r', 'abc'],
  'moves to both ends': ['bc\x01a\x05d\r', 'abcd'],
  'knows Home and End': ['bc\x1b[Ha\x1b[Fd\r', 'abcd'],
  'deletes before and under the cursor': ['abxc\x1b[D\x7f\x1b[H\x1b[3~\r', 'bc'],
  'cuts to the end and puts back': ['one two\x1b[D\x1b[D\x1b[D\x0b\x01\x19\r', 'twoone '],
  'cuts to the start': ['gone\x15kept\r', 'kept'],
  'cuts a word': ['one two\x17three\r', 'one three'],
  'moves by words': ['one two\x1bb\x1bbx\r', 'xone two'],
  'swaps two characters': ['ba\x14\r', 'ab'],
  'is aborted by Ctrl-C': ['abc\x03', 'aborted'],
  'ends at Ctrl-D in an empty line': ['\x04', 'end'],
  'deletes at Ctrl-D elsewhere': ['ab\x01\x04\r', 'b'],
  'ends with its input': ['abc', 'end'],
  'ignores keys it does not know': ['a\x1b[15~\x1b[200~b\r', 'ab'],
  'counts characters, not bytes': ['äö😀\x7f\x1b[Dx\r', 'äxö'],
};

describe('the line editor', () => {
  for (const [title, [keys, text]] of Object.entries(cases))
    it(title, () => expect(edit(keys).text).equal(text));

  const history = ['first', 'second'];
  it('goes back and forth in the history, and keeps what was typed', () => {
    expect(edit('\x1b[A\r', history).text).equal('second');
    expect(edit('\x1b[A\x1b[A\x1b[A\r', history).text).equal('first');
    expect(edit('new\x1b[A\x1b[B\r', history).text).equal('new');
  });
  it('searches the history backwards', () => expect(edit('\x12fir\r', history).text).equal('first'));

  const words = ['alpha', 'alps', 'beta'];
  it('completes a single candidate with a blank', () =>
    expect(edit('x be\t\r', [], words).text).equal('x beta '));
  it('completes the common beginning, and lists at the second Tab', () => {
    const { text, shown } = edit('al\t\t\r', [], words);
    expect(text).equal('alp');
    expect(shown).match(/alpha {2}alps/);
  });
  it('keeps the cursor in its row when a line is longer than the screen', () => {
    const { text, shown } = edit(`${'x'.repeat(30)}\x01y\r`);
    expect(text).equal(`y${'x'.repeat(30)}`);
    expect(shown).include('\x1b[1A');
  });
});
