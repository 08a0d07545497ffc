import { expect } from 'chai';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough, Writable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { attend } from './attend.js';
import { historyFile } from './interactive.js';
import { fakeSession } from './fake-session.js';
import { TerminalSwitch } from './terminal-switch.js';

/** A terminal that remembers its modes and what it shows. */
function fakeTerminal() {
  const raw: boolean[] = [];
  const input = Object.assign(new PassThrough(), { isTTY: true, setRawMode: (on: boolean) => raw.push(on) });
  let text = '';
  const output = new Writable({
    write: (chunk, _encoding, done) => {
      text += String(chunk);
      done();
    },
  });
  const shown = () => text;
  return { input, output, raw, shown };
}

describe('TerminalSwitch', () => {
  const setUp = () => {
    const { session, says, typed, listeners } = fakeSession();
    const terminal = fakeTerminal();
    const console = session.console ?? expect.fail();
    return { ...terminal, says, typed, listeners, twoSides: new TerminalSwitch({ ...terminal, console }) };
  };

  it('hands every byte to the side in front, also when one chunk holds the key', async () => {
    const { input, twoSides, typed } = setUp();
    input.write('ls\x1dps()\x1d\x1d\x1dexit');
    await sleep(5);
    expect(typed).to.deep.equal(['ls', 'exit']);
    expect(String(twoSides.replInput.read())).to.equal('ps()');
    expect(twoSides.side).to.equal('console');
  });

  it('holds what the guest prints while the REPL is in front, and shows it on return', () => {
    const { twoSides, says, shown } = setUp();
    twoSides.switchTo('repl');
    says('late news');
    expect(shown()).not.to.include('late news');
    twoSides.switchTo('console');
    expect(shown()).to.match(/late news$/);
  });

  it('keeps the newest of what is held when it is too much', () => {
    const { twoSides, says, shown } = setUp();
    twoSides.switchTo('repl');
    for (let i = 0; i < 100; i++) says(`${i}`.padStart(1024));
    twoSides.switchTo('console');
    expect(shown()).to.include('99').and.not.to.include(' 35 ');
  });

  it('gives the terminal back as it was and listens no more', () => {
    const { twoSides, raw, listeners, input } = setUp();
    twoSides.close();
    expect(raw).to.deep.equal([true, false]);
    expect([listeners.size, input.listenerCount('data')]).to.deep.equal([0, 0]);
  });
});

describe('attending a machine at a terminal', () => {
  const stateHome = process.env['XDG_STATE_HOME'];
  const folder = mkdtempSync(join(tmpdir(), 'halfcell-state-'));
  before(() => void (process.env['XDG_STATE_HOME'] = folder));
  after(() => {
    if (stateHome === undefined) delete process.env['XDG_STATE_HOME'];
    else process.env['XDG_STATE_HOME'] = stateHome;
    rmSync(folder, { recursive: true });
  });

  const setUp = (repl: boolean) => {
    const terminal = fakeTerminal();
    const parts = fakeSession();
    parts.machine.start();
    const options = {
      repl,
      console: true,
      input: terminal.input,
      output: terminal.output,
      errors: terminal.output,
    };
    const status = attend(parts.session, options);
    return { ...terminal, ...parts, status };
  };
  const until = async (condition: () => boolean) => {
    while (!condition()) await sleep(5);
  };

  it('shows the console, gives what is typed to the guest, and ends with the machine', async () => {
    const { input, typed, says, shown, machine, status, raw } = setUp(false);
    says('halfcell login: ');
    input.write('root\r');
    await until(() => typed.length > 0);
    expect([shown(), typed]).to.deep.equal(['halfcell login: ', ['root\r']]);
    machine.powerOff(3);
    expect(await status).to.equal(3);
    expect(raw).to.deep.equal([true, false]);
  });

  it('switches the machine off at SIGTERM, with the status of a death by it', async () => {
    const { status } = setUp(false);
    process.emit('SIGTERM', 'SIGTERM');
    expect(await status).to.equal(143);
    expect(process.listenerCount('SIGTERM')).to.equal(0);
  });

  it('answers statements once the machine is up, and switches it off at .exit', async () => {
    const { input, rise, status, shown } = setUp(true);
    rise();
    await until(() => shown().includes('halfcell> '));
    input.write('6 * 7\r');
    await until(() => shown().includes('42'));
    input.write('run("ls")\r');
    await until(() => shown().includes('ran ls'));
    input.write('.help trace\r');
    await until(() => shown().includes('.interrupts()'));
    input.write('.exit\r');
    expect(await status).to.equal(0);
    expect(readFileSync(historyFile(), 'utf8')).to.include('6 * 7');
  });
});
