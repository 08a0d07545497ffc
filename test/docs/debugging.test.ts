import { expect } from 'chai';
import { execFile, spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { need } from '../../gdbstub/testing/tool.js';
import { blocksOf, filesOf, matches } from './sessions.js';
import type { Step } from './sessions.js';

const ROOT = join(import.meta.dirname, '../..');
const CLI = `node ${join(ROOT, 'dist/halfcell.js')}`;
const GUIDE = readFileSync(join(ROOT, 'docs/debugging.md'), 'utf8');
const COMMAND = '(gdb) ';
const run = promisify(execFile);

describe('docs/debugging.md (needs gdb and gcc)', function () {
  this.timeout(60_000);
  before(function () {
    need(this, 'gdb', 'gcc');
  });

  let cwd: string;
  let machine: ChildProcess | undefined;
  before(() => {
    cwd = mkdtempSync(join(tmpdir(), 'halfcell-docs-'));
    // As in a checkout, where gdb finds the kernel's source.
    symlinkSync(join(ROOT, 'plugins'), join(cwd, 'plugins'));
    for (const { name, content } of filesOf(GUIDE)) writeFileSync(join(cwd, name), content);
  });
  after(() => rmSync(cwd, { recursive: true, force: true }));
  afterEach(() => {
    if (machine?.pid && machine.exitCode === null) process.kill(-machine.pid, 'SIGKILL');
    machine = undefined;
  });

  /** In the background, as far as it says where it listens. */
  function start(command: string): Promise<void> {
    machine = spawn('bash', ['-c', command], { cwd, detached: true, stdio: ['ignore', 'ignore', 'pipe'] });
    return new Promise((resolve, reject) => {
      let said = '';
      machine?.stderr?.on('data', (bytes: Buffer) => {
        said += bytes.toString();
        if (said.includes('target remote :')) resolve();
      });
      machine?.on('close', () => reject(new Error(`it ended at once: ${said}`)));
    });
  }

  async function debug(session: readonly string[], port: number): Promise<string> {
    const commands = session
      .filter((line) => line.startsWith(COMMAND))
      .map((line) => line.slice(COMMAND.length));
    const script = join(cwd, 'session.gdb');
    writeFileSync(script, withPort(`set trace-commands on\n${commands.join('\n')}\n`, port));
    const settings = ['set debuginfod enabled off', 'set width 0', 'set height 0', 'set confirm off'];
    const flags = settings.flatMap((setting) => ['-iex', setting]);
    // Both streams in the order in which they were written.
    const { stdout } = await run(
      'bash',
      ['-c', 'exec gdb "$@" 2>&1', 'gdb', '-nx', '-batch', ...flags, '-x', script],
      {
        cwd,
        timeout: 40_000,
      },
    );
    // At its end gdb lets go of the machine by itself.
    const text = commands.at(-1) === 'detach' ? stdout : stdout.replace(/^\[.* detached\]\n$/m, '');
    return text.replace(/^\+/gm, COMMAND);
  }

  async function perform({ command, session }: Step, port: number): Promise<void> {
    const own = withPort(command.replaceAll('npx halfcell', CLI), port);
    if (command.endsWith('&')) return start(own.replace(/&$/, ''));
    if (command !== 'gdb') return void (await run('bash', ['-c', own], { cwd }));
    const said = await debug(session, port);
    const expected = session.map((line) => withPort(line, port));
    if (!matches(said, expected)) expect(said).to.equal(expected.join('\n'));
  }

  for (const { line, steps } of blocksOf(GUIDE)) {
    it(`line ${line}: the session goes as it says`, async () => {
      const port = await freePort();
      for (const step of steps) await perform(step, port);
    });
  }
});

const withPort = (text: string, port: number): string => text.replace(/(--gdb |:)1234\b/g, `$1${port}`);

function freePort(): Promise<number> {
  const server = createServer();
  return new Promise((resolve) =>
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address() as AddressInfo;
      server.close(() => resolve(port));
    }),
  );
}
