import { expect } from 'chai';
import { execFile } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { examplesOf } from './console-blocks.js';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const CLI = 'node dist/halfcell.js';
const run = promisify(execFile);

/** What an example needs beside Node, by the words in it. */
const needed = (command: string): string[] => (command.includes('/bin/busybox') ? ['/bin/busybox'] : []);

describe('README.md', () => {
  const examples = examplesOf(readFileSync(`${ROOT}README.md`, 'utf8'));

  it('has examples', () => expect(examples).to.have.length.above(5));

  for (const { line, command, output } of examples) {
    it(`line ${line} prints what it says: ${command}`, async function () {
      const missing = needed(command).filter((file) => !existsSync(file));
      if (missing.length > 0) this.skip();
      const own = command.replaceAll('npx halfcell', CLI);
      const { stdout } = await run('bash', ['-c', own], { cwd: ROOT, timeout: 60_000 });
      expect(stdout).to.equal(output);
    }).timeout(70_000);
  }
});
