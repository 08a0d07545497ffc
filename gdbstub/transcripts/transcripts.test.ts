import { expect } from 'chai';
import { readdirSync, readFileSync } from 'node:fs';
import { bench } from '../testing/bench.js';
import type { Bench } from '../testing/bench.js';
import { smallMachine } from '../testing/small-machine.js';

const ESCAPES: Record<string, string> = { '\\n': '\n', '\\0': '\0' };

/** `\xNN`, `\n` and `\0` stand for the bytes that an editor cannot show. */
const plain = (text: string): string =>
  text.replace(/\\x(..)|\\[n0]/g, (all, hex?: string) =>
    hex ? String.fromCharCode(parseInt(hex, 16)) : (ESCAPES[all] ?? all),
  );

/** `...` stands for any text. */
function expectLike(answer: string, pattern: string): void {
  const pieces = plain(pattern).split('...');
  const quoted = pieces.map((piece) => piece.replace(/[.*+?^${}()|[\]\\]/g, '\\$&'));
  expect(answer).to.match(new RegExp(`^${quoted.join('[^]*')}$`), `not like ${pattern}`);
}

async function follow({ session, next, sent }: Bench, line: string): Promise<void> {
  const text = line.slice(2);
  if (line === '> ctrl-c') session.interrupt();
  else if (line.startsWith('>')) session.receive(plain(text));
  else if (text === '(runs)') await new Promise((resolve) => setTimeout(resolve, 20));
  else expectLike(await next(), text);
  if (text === '(runs)') expect(sent).to.deep.equal([]);
}

/** `>` gdb sends, `<` we answer, `#` says why. Framing is tested elsewhere. */
describe('transcript', () => {
  for (const file of readdirSync(import.meta.dirname).filter((name) => name.endsWith('.session'))) {
    it(`${file} is answered as written`, async () => {
      const machine = bench(smallMachine);
      const lines = readFileSync(`${import.meta.dirname}/${file}`, 'utf8').split('\n');
      for (const line of lines.filter((each) => /^[<>]/.test(each))) await follow(machine, line);
      expect(machine.sent).to.deep.equal([]);
    });
  }
});
