import { expect } from 'chai';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { busybox, needsBusybox, runCommand, temporaryFolder, skipWithout } from './halfcell.js';
import { quoted } from './questions.js';
import { until } from '../support/until.js';
import { hasTmux, TmuxTerminal } from './tmux.js';

describe('halfcell run in a real terminal (needs tmux and a static busybox)', function () {
  this.timeout(60_000);
  before(needsBusybox);
  before(function () {
    skipWithout(this, hasTmux());
  });
  const folder = temporaryFolder();
  let terminal: TmuxTerminal;
  let asked = 0;

  beforeEach(async () => {
    const [file, args] = runCommand('--env', 'PS1=guest$ ', '--mount', `${folder.path}:/m`, '--cwd', '/m');
    writeFileSync(
      join(folder.path, 'G'),
      `echo $$ > pid\nexec ${[file, ...args].map(quoted).join(' ')} ${busybox!} "$@"\n`,
    );
    terminal = new TmuxTerminal(folder.path);
    await terminal.shows('host$');
  });
  afterEach(() => terminal.close());

  const content = (name: string) => readFileSync(join(folder.path, name), 'utf8');

  /** A guest's shell at its prompt. */
  async function guestShell(): Promise<void> {
    terminal.enter('clear; sh G sh');
    await terminal.shows(/^guest\$/m);
  }

  /** Runs a command as the guest's shell's job, and waits until it does run. */
  async function job(command: string): Promise<void> {
    asked += 1;
    terminal.enter(`sh -c 'echo run""ning ${asked}; exec ${command}'`);
    await terminal.shows(new RegExp(`^running ${asked}$`, 'm'));
  }

  /** A line for the host's shell, once that reads again; its own words are not to be taken for its output. */
  async function onHost(line: string): Promise<void> {
    asked += 1;
    terminal.enter(`${line}; echo do''ne ${asked}`);
    await terminal.shows(new RegExp(`^done ${asked}$`, 'm'));
  }

  async function expectSameModes(act: () => Promise<void>): Promise<void> {
    const before = terminal.modes;
    await act();
    await until(() => terminal.modes === before);
  }

  it('a shell edits its line, remembers lines, and completes names', async () => {
    await guestShell();
    terminal.type('ech one twx');
    terminal.press('BSpace');
    terminal.type('o');
    terminal.press('Home', 'Right', 'Right', 'Right');
    terminal.type('o');
    terminal.press('Enter');
    await terminal.shows(/^one two$/m);
    terminal.press('Up', 'BSpace', 'BSpace', 'BSpace');
    terminal.type('three');
    terminal.press('Enter');
    await terminal.shows(/^one three$/m);
    terminal.type('cat /proc/self/com');
    terminal.press('Tab');
    await terminal.shows('/proc/self/comm');
    terminal.press('Enter');
    await terminal.shows(/^(exe|cat|busybox)$/m);
  });

  it('^C ends the command and not the shell', async () => {
    await guestShell();
    await job('sleep 100');
    terminal.press('C-c');
    await terminal.shows(/\^C\s+guest\$/);
    terminal.enter('echo status $?');
    await terminal.shows('status 130');
    await job('yes > /dev/null');
    terminal.press('C-c');
    terminal.enter('echo still he""re');
    await terminal.shows(/^still here$/m);
  });

  it('^Z stops the command, fg and bg continue it', async () => {
    await guestShell();
    await job('cat > written');
    terminal.enter('first');
    // What the program has not read yet would be thrown away by ^Z.
    await until(() => content('written') === 'first\n');
    terminal.press('C-z');
    await terminal.shows(/Stopped +sh -c/);
    terminal.enter('clear; fg');
    await terminal.shows(/^sh -c/m);
    terminal.enter('second');
    terminal.press('C-d');
    terminal.enter('clear; cat written; echo e""nd');
    expect(await terminal.shows(/^end$/m)).to.include('first\nsecond\nend');
    await job('sleep 100');
    terminal.press('C-z');
    await terminal.shows(/Stopped +sh -c/);
    terminal.enter('bg; kill %1; wait; echo go""ne');
    await terminal.shows(/^gone$/m);
  });

  it('^D ends the shell, and the host has its terminal again', () =>
    expectSameModes(async () => {
      await guestShell();
      terminal.press('C-d');
      await terminal.shows(/^host\$ *$/m);
    }));

  it('a resize reaches the program as SIGWINCH and as the size', async () => {
    await guestShell();
    terminal.enter('stty size');
    await terminal.shows(/^24 80$/m);
    terminal.enter('sh -c "trap \\"stty size\\" WINCH; echo trap""ped; while :; do sleep 0.02; done"');
    await terminal.shows(/^trapped$/m);
    terminal.resize(101, 33);
    await terminal.shows(/^33 101$/m);
    terminal.press('C-c');
  });

  it('vi shows a file, edits it and writes it', async () => {
    writeFileSync(join(folder.path, 'poem'), 'roses\nviolets\n');
    terminal.enter('clear; sh G vi poem');
    await terminal.shows(/^roses\nviolets\n~\n/m);
    terminal.type('A are red');
    await terminal.shows(/^roses are red$/m);
    terminal.press('Escape');
    await terminal.shows(/^- poem/m);
    terminal.type('joand');
    await terminal.shows(/^violets\nand$/m);
    terminal.press('Escape');
    await terminal.shows(/^- poem/m);
    terminal.resize(60, 12);
    await terminal.shows(/^and\n(~\n){8}.*poem/m);
    terminal.enter(':wq');
    await terminal.shows(/^host\$ *$/m);
    expect(content('poem')).to.equal('roses are red\nviolets\nand\n');
  });

  it('a program that is killed while the terminal is raw leaves it as it was', () =>
    expectSameModes(() => onHost(`sh G sh -c 'stty raw -echo -opost; kill -9 $$'`)));

  for (const signal of ['SIGTERM', 'SIGHUP', 'SIGINT', 'SIGKILL']) {
    it(`${signal} to halfcell leaves the terminal as it was`, () =>
      expectSameModes(async () => {
        terminal.enter(`clear; sh G sh -c 'stty raw -echo -opost; printf rea; printf dy; sleep 100'`);
        await terminal.shows('ready');
        process.kill(Number(content('pid')), signal);
        await terminal.shows(/host\$ *$/m);
      }));
  }

  it('^Z stops a program without a shell of its own, and halfcell with it; fg continues both', () =>
    expectSameModes(async () => {
      const before = terminal.modes;
      terminal.enter('clear; sh G cat');
      await until(() => terminal.modes !== before);
      const raw = terminal.modes;
      terminal.enter('one');
      await terminal.shows(/^one\none$/m);
      terminal.press('C-z');
      await terminal.shows(/host\$ *$/m);
      expect(terminal.modes).to.equal(before);
      terminal.enter('fg');
      await until(() => terminal.modes === raw);
      terminal.enter('two');
      await terminal.shows(/^two\ntwo$/m);
      terminal.press('C-d');
      await terminal.shows(/host\$ *$/m);
    }));

  it('in the background it runs, and is stopped when it reads', async () => {
    const before = terminal.modes;
    terminal.enter('sh G sh -c "echo wro""te; exec cat" & sleep 0');
    await terminal.shows(/wrote$/m);
    expect(terminal.modes).to.equal(before);
    terminal.enter('wait; jobs');
    await terminal.shows(/Stopped/);
    terminal.enter('fg');
    await until(() => terminal.modes !== before);
    terminal.enter('hello');
    await terminal.shows(/^hello\nhello$/m);
    terminal.press('C-d');
    await terminal.shows(/host\$ *$/m);
  });
});
