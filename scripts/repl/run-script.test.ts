import { expect } from 'chai';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { attend } from './attend.js';
import { fakeSession } from './fake-session.js';

describe('a script', () => {
  const folder = mkdtempSync(join(tmpdir(), 'halfcell-script-test-'));
  after(() => rmSync(folder, { recursive: true }));

  const run = async (source: string, ...args: string[]) => {
    const file = join(folder, 'script.ts');
    writeFileSync(file, source);
    const parts = fakeSession();
    parts.machine.start();
    parts.rise();
    const [input, output] = [new PassThrough(), new PassThrough()];
    const options = { repl: false, console: false, script: { file, args }, input, output, errors: output };
    return attend(parts.session, options);
  };
  const failure = (source: string) =>
    run(source).then(String, (error: unknown) => error as Error & { code?: string });

  it('finds the names of the REPL as globals and its arguments in process.argv, and ends with status 0', async () => {
    const status = await run(
      `const [first]: string[] = process.argv.slice(2);
       const rows: { name: string }[] = ps();
       const { output } = await run('ls');
       if (first !== '--fast' || rows[0].name !== 'init' || output !== 'ran ls\\n') throw new Error('wrong');`,
      '--fast',
    );
    expect(status).to.equal(0);
    expect(globalThis).not.to.have.property('ps');
  });

  it('rejects with what it throws', async () => {
    expect(await failure('throw new RangeError("too far")')).to.include({
      name: 'RangeError',
      message: 'too far',
    });
  });

  it('is refused with file, line and column when it does not compile', async () => {
    const error = await failure('const x = 1;\nlet = ;\n');
    expect(error).to.have.property('code', 'PLUGIN_FILE');
    expect(error).to.have.property('message').that.includes(`${folder}/script.ts:2:`);
  });
});
