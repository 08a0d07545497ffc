import { expect } from 'chai';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { BareMachine } from '../../scripts/boot/bare-machine.js';
import { readMachine } from '../../scripts/machines/description.js';
import { assemble, whyNoAssembler } from './assemble.js';

const MULTIBOOT_HEADER = 0x1bad_b002;
const FIXED = { user: 'root', repl: false, mounts: [], watch: false, deterministic: false, console: true };

describe('a machine with a kernel of its own', () => {
  const folder = mkdtempSync(join(tmpdir(), 'halfcell-bare-'));
  before(function () {
    const reason = whyNoAssembler();
    if (!reason) return;
    this.test!.parent!.title += ` (${reason})`;
    this.skip();
  });
  after(() => rmSync(folder, { recursive: true }));

  async function boot(kernel: Uint8Array, more = '') {
    writeFileSync(join(folder, 'kernel.elf'), kernel);
    const description = join(folder, 'bare.toml');
    const devices = '[devices.serial16550]\n[devices.power-off]\n';
    writeFileSync(description, `memory_mib = 16\n[machine]\nkernel = "kernel.elf"\n${more}\n${devices}`);
    const bare = new BareMachine({ ...FIXED, machine: await readMachine(description) });
    let text = '';
    try {
      const status = await bare.run((bytes) => void (text += Buffer.from(bytes).toString()));
      return { status, text };
    } finally {
      await bare.close();
    }
  }

  it('starts a Multiboot kernel in 32-bit protected mode and tells it its command line', async () => {
    const { status, text } = await boot(assemble('hello.s'), 'command_line = "one two"');
    expect([status, text]).to.deep.equal([0, 'multiboot: one two\n']);
  });

  it('starts a kernel that has a PVH entry only', async () => {
    const kernel = assemble('hello.s');
    const view = new DataView(kernel.buffer, kernel.byteOffset, kernel.length);
    for (let at = 0; at < kernel.length - 4; at += 4)
      if (view.getUint32(at, true) === MULTIBOOT_HEADER) view.setUint32(at, 0, true);
    expect(await boot(kernel)).to.deep.equal({ status: 0, text: 'pvh: \n' });
  });

  it('lets a kernel go to 64-bit mode itself, run 32-bit code at ring 3, and be called from there', async () => {
    const { status, text } = await boot(assemble('long-mode.s'));
    expect([status, text]).to.deep.equal([0, '64-bit mode\ncalled from 32-bit code\n']);
  });

  it('says what is wrong with a file that is no kernel', async () => {
    const failure = await boot(new Uint8Array(100)).catch((error: unknown) => error);
    expect(failure)
      .to.have.property('message')
      .that.includes('neither a Multiboot kernel nor one with a PVH entry');
  });
});
