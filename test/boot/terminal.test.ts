import { expect } from 'chai';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { builtCommandLine } from '../support/built.js';
import { childWith } from './command-line.js';
import { hasTmux, TmuxTerminal } from '../run/tmux.js';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));

describe('halfcell boot in a real terminal (needs tmux)', function () {
  this.timeout(60_000);
  let terminal: TmuxTerminal;
  let modes: string;
  let folder: string;

  before(function () {
    if (!hasTmux()) this.skip();
  });
  beforeEach(async () => {
    terminal = new TmuxTerminal(ROOT);
    folder = mkdtempSync(join(tmpdir(), 'terminal-'));
    await terminal.shows('host$');
    modes = terminal.modes;
    terminal.enter(
      `clear; sh -c 'echo $$ > ${folder}/pid; exec ${process.execPath} ${builtCommandLine()} boot'; echo status $?`,
    );
    await terminal.shows(/^root:~# $|^root:~#$/m);
    expect(terminal.modes).not.to.equal(modes);
  });
  afterEach(() => {
    terminal.close();
    rmSync(folder, { recursive: true });
  });

  const launcher = () => Number(readFileSync(join(folder, 'pid'), 'utf8'));

  const endsWith = async (status: number) => {
    const screen = await terminal.shows(new RegExp(`^status ${status}$`, 'm'));
    expect(terminal.modes).to.equal(modes);
    return screen;
  };

  it('gives the terminal back at the end', async () => {
    terminal.enter('shutdown');
    await endsWith(0);
  });

  it('gives the guest Ctrl-C, and goes on', async () => {
    terminal.enter(`sh -c 'echo rea""dy; sleep 1000'`);
    await terminal.shows(/^ready$/m);
    terminal.press('C-c');
    await terminal.shows(/^root:~# $|^root:~#$/m);
    terminal.enter('echo st""ill here');
    await terminal.shows(/^still here$/m);
    terminal.enter('shutdown');
    await endsWith(0);
  });

  for (const [signal, status] of [
    ['SIGTERM', 143],
    ['SIGHUP', 129],
  ] as const)
    it(`gives the terminal back after ${signal}`, async () => {
      process.kill(launcher(), signal);
      await endsWith(status);
    });

  it('gives the terminal back, and says so, when the process with the machine is killed', async () => {
    process.kill(childWith(launcher(), 'halfcell.js'), 'SIGKILL');
    expect(await endsWith(137)).to.include('halfcell: the process with the machine died by SIGKILL');
  });
});
