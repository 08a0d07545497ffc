import { expect } from 'chai';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { BareMachine } from '../../scripts/boot/bare-machine.js';
import { readMachine } from '../../scripts/machines/description.js';
import { assemble, whyNoAssembler } from './assemble.js';

const QEMU = 'qemu-system-x86_64';
const QEMU_OPTIONS =
  '-accel tcg -m 16 -display none -no-reboot -monitor none -device isa-debug-exit,iobase=0xf4';
const TIME_LIMIT_MS = 30_000;
const FIXED = { user: 'root', repl: false, mounts: [], watch: false, deterministic: false, console: true };

/** Where QEMU 7.2 leaves the manual. */
const QEMU_DEPARTS: readonly [RegExp, string][] = [
  [/^l?(call|ret|ret 8|iret) 0x7b /, 'does not compare the offset of a return with the limit of the segment'],
  [/^iret to ring 3, ss 0x53$/, 'does not mark the stack segment of a return as accessed'],
  [/^ltr [03] ring 0$/, 'loads a null selector'],
  [/^PAE$/, 'marks a page directory pointer as accessed'],
  [/^PAE, no execution without NXE$/, 'says of a reserved bit that the page was absent'],
];

function whyNot(): string | undefined {
  if (spawnSync(QEMU, ['--version']).status !== 0) return `needs ${QEMU}`;
  return whyNoAssembler();
}

describe('protected mode', () => {
  const folder = mkdtempSync(join(tmpdir(), 'halfcell-probes-'));
  const [kernel, serial, description] = ['probes.elf', 'serial.txt', 'probes.toml'].map((name) =>
    join(folder, name),
  ) as [string, string, string];
  after(() => rmSync(folder, { recursive: true }));

  function onQemu(): string {
    const options = [...QEMU_OPTIONS.split(' '), '-kernel', kernel, '-serial', `file:${serial}`];
    spawnSync(QEMU, options, { timeout: TIME_LIMIT_MS, killSignal: 'SIGKILL' });
    return readFileSync(serial, 'latin1');
  }

  async function onOurs(): Promise<string> {
    writeFileSync(
      description,
      `memory_mib = 16\n[machine]\nkernel = "${kernel}"\n[devices.serial16550]\n[devices.power-off]\n`,
    );
    const bare = new BareMachine({ ...FIXED, machine: await readMachine(description), timeoutS: 30 });
    let text = '';
    try {
      await bare.run((bytes) => void (text += Buffer.from(bytes).toString('latin1')));
    } finally {
      await bare.close();
    }
    return text;
  }

  it('does what QEMU does with selectors, gates, privileges and pages', async function () {
    const reason = whyNot();
    if (reason) {
      this.test!.title += ` (${reason})`;
      this.skip();
    }
    this.timeout(2 * TIME_LIMIT_MS);
    writeFileSync(kernel, assemble('probes.s'));
    const expected = byName(onQemu());
    const actual = byName(await onOurs());
    expect(expected.size).to.be.above(1400);
    expect([...actual.keys()]).to.deep.equal([...expected.keys()]);
    const different = [...expected].filter(([name, outcome]) => actual.get(name) !== outcome);
    const unexplained = different.filter(([name]) => !QEMU_DEPARTS.some(([pattern]) => pattern.test(name)));
    expect(unexplained.map(([name, outcome]) => ({ name, qemu: outcome, ours: actual.get(name) }))).eql([]);
  });
});

/** What each probe printed. */
function byName(text: string): Map<string, string> {
  const lines = text.split('\n').filter((line) => line.includes(' v='));
  return new Map(lines.map((line) => [line.slice(0, line.indexOf(' v=')), line.slice(line.indexOf(' v='))]));
}
