import { expect } from 'chai';
import { fileURLToPath } from 'node:url';
import { halfcell } from './command-line.js';

const example = (name: string) =>
  fileURLToPath(new URL(`../../scripts/examples/${name}.ts`, import.meta.url));
const script = (...args: string[]) => halfcell(['script', ...args]).ended;

describe('the example scripts', function () {
  this.timeout(60_000);

  it('trace a boot from its first instruction', async () => {
    const { status, out, err } = await script('--hold', example('trace-boot'));
    expect([status, err]).to.deep.equal([0, '']);
    expect(out).to.match(/^ *\d+ ms {2}context {2}1 {2}isolate procmgr\n.*\n.*isolate ramfs\n/);
    expect(out).to.match(/up after \d+ ms, \d+ instructions\n$/);
  });

  it('count the system calls of each program', async () => {
    const { status, out } = await script(example('count-syscalls'), 'echo x | upper');
    expect(status).to.equal(0);
    expect(out).to.match(/^X\nstatus 0\n/);
    expect(out)
      .to.match(/ 2 {2}upper read\n/)
      .and.match(/ 1 {2}upper write\n/);
  });

  it('swap the file system under load', async () => {
    const { status, out } = await script(example('swap-under-load'), '5');
    expect(out).to.match(/^5 swaps, .* ended with 0\nall 400 lines are there, once each\n$/);
    expect(status).to.equal(0);
  });

  it('inject faults into a serial line', async () => {
    const { status, out } = await script(example('flaky-line'));
    expect(out).to.equal('lossy: abcdefhijklmopqrstvwxyz\nwhole: abcdefghijklmnopqrstuvwxyz\n');
    expect(status).to.equal(0);
  });

  it('exchange a device for one that notes its accesses, and back', async () => {
    const { status, out } = await script(example('logging-serial'));
    // The shell of the console may print its prompt in between.
    expect(out).to.match(/^(in {2}5: 0x60\nout 0: 0x[0-9a-f]+\n){3}/m);
    expect(out).to.match(/^\d+ accesses noted, 0 after/m);
    expect(status).to.equal(0);
  });

  it('end with the status of their failure', async () => {
    const { status, err } = await script(example('missing'));
    expect([status, err.split('\n').length]).to.deep.equal([2, 2]);
  });
});
