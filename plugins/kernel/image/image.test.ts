import { execFileSync, spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { hasBinutils, inTemporaryFolder } from './assembler/reference.js';
import { CONTEXT_COUNT, ContextLayout, IMAGE_PHYSICAL, IMAGE_VIRTUAL, buildKernelImage } from './index.js';
import { FrameTables, disassemble, walkStackDepths } from './reference-frames.js';

const MAX_OUTPUT_BYTES = 1 << 26;

const pads = [
  {
    name: 'sys_read',
    file: 'plugins/kernel/image/layout.ts',
    line: 5,
    parameters: ['fd', 'buffer', 'length'],
  },
  { name: 'sys_write', file: 'plugins/kernel/image/data.ts', line: 3 },
];
const image = buildKernelImage({ pads, sourceRoot: process.cwd() });
const { symbols } = image;
const addressOf = (name: string) => symbols.get(name) ?? 0n;
const hex = (address: bigint) => `0x${address.toString(16)}`;

function withElf(work: (file: string) => string): string {
  return inTemporaryFolder((folder) => {
    const file = join(folder, 'kernel.elf');
    writeFileSync(file, image.elf);
    return work(file);
  });
}

const run = (tool: string, ...options: string[]) =>
  withElf((file) =>
    execFileSync(tool, [...options, file], { encoding: 'utf8', maxBuffer: MAX_OUTPUT_BYTES }),
  );

const gdb = (...commands: string[]) =>
  run('gdb', '-nx', '-batch', ...commands.flatMap((command) => ['-ex', command])).trim();

function hasGdb(): boolean {
  try {
    execFileSync('gdb', ['--version'], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}

describe('kernel image', () => {
  it('enters at _start, which lies at the start of the image', () => {
    expect(image.entry).to.equal(IMAGE_VIRTUAL);
    expect(image.segments[0]).to.include({ virtual: IMAGE_VIRTUAL, physical: IMAGE_PHYSICAL });
  });

  it('keeps code and data on pages of their own', () => {
    const [code, data] = image.segments;
    const codeEnd = (code?.virtual ?? 0n) + BigInt(code?.memoryBytes ?? 0);
    expect(data && data.virtual >= codeEnd && data.virtual % 4096n === 0n).to.equal(true);
    expect(Number((data?.virtual ?? 0n) - IMAGE_VIRTUAL)).to.equal((data?.physical ?? 0) - IMAGE_PHYSICAL);
  });

  it('gives pad n its own function', () => {
    expect(image.padAddress(1)).to.equal(addressOf('sys_write'));
    expect(() => image.padAddress(2)).to.throw(RangeError, 'no pad 2');
  });

  it('aligns the contexts so that xsave can write to them', () => {
    expect((addressOf('contexts') + BigInt(ContextLayout.fpu)) % 64n).to.equal(0n);
    expect(ContextLayout.sizeBytes % 64).to.equal(0);
    expect(addressOf('ist1_stack') - addressOf('contexts')).to.equal(
      BigInt(CONTEXT_COUNT * ContextLayout.sizeBytes),
    );
  });

  it('points every gate of the IDT to its handler', () => {
    const data = image.segments[1];
    const view = new DataView(data?.bytes.buffer ?? new ArrayBuffer(0));
    const idt = Number(addressOf('idt') - (data?.virtual ?? 0n));
    const handler = (vector: number) => {
      const low = view.getBigUint64(idt + vector * 16, true);
      const high = view.getBigUint64(idt + vector * 16 + 8, true);
      return (high << 32n) | ((low >> 32n) & 0xffff_0000n) | (low & 0xffffn);
    };
    expect(handler(14)).to.equal(addressOf('page_fault'));
    expect(handler(32)).to.equal(addressOf('irq_32'));
    expect(handler(255)).to.equal(addressOf('irq_255'));
  });
});

describe('kernel image, read by binutils', function () {
  before(function () {
    if (!hasBinutils()) this.skip();
  });

  it('is an executable without a complaint from readelf', () => {
    const options = ['--wide', '--all', '--debug-dump=info,abbrev,decodedline,frames-interp,loc,Ranges'];
    const text = withElf((file) => {
      const { stdout, stderr } = spawnSync('readelf', [...options, file], {
        encoding: 'utf8',
        maxBuffer: MAX_OUTPUT_BYTES,
      });
      expect(stderr).to.equal('');
      return stdout;
    });
    expect(text).to.match(/EXEC \(Executable file\)[^]*Entry point address: +0xffffffff80100000/);
  });

  it('disassembles without a bad byte', () => {
    expect(run('objdump', '-d')).not.to.include('(bad)');
  });

  it('has a frame row for every instruction', () => {
    const tables = new FrameTables(run('readelf', '--wide', '--debug-dump=frames-interp'));
    const uncovered = disassemble(run('objdump', '-d', '-M', 'intel', '--no-show-raw-insn')).filter(
      ({ address }) => tables.rowAt(address) === undefined,
    );
    expect(uncovered).to.deep.equal([]);
  });

  it('has frames that agree with a walk over the disassembly, at every instruction', () => {
    const code = disassemble(run('objdump', '-d', '-M', 'intel', '--no-show-raw-insn'));
    const tables = new FrameTables(run('readelf', '--wide', '--debug-dump=frames-interp'));
    const depths = walkStackDepths(code, tables);
    expect(depths.disagreements).to.deep.equal([]);
    expect(depths.checked).to.be.greaterThan(500);
  });
});

describe('kernel image, read by gdb', function () {
  before(function () {
    if (!hasGdb()) this.skip();
  });

  it('shows the TypeScript source of a pad', () => {
    expect(gdb('info line sys_read')).to.match(
      /^Line 5 of "plugins\/kernel\/image\/layout.ts" starts at address/,
    );
    expect(gdb('list sys_read')).to.include(
      readFileSync('plugins/kernel/image/layout.ts', 'utf8').split('\n')[4],
    );
  });

  it('shows the assembly text of the entry code at its true line', () => {
    const [, line, file] = /^Line (\d+) of "(.*?)"/.exec(gdb('info line syscall_entry')) ?? [];
    expect(readFileSync(file ?? '', 'utf8').split('\n')[Number(line) - 1]).to.equal('    swapgs');
  });

  it('breaks on the first instruction of a pad, where the arguments can still be changed', () => {
    expect(gdb('break sys_read')).to.include(`Breakpoint 1 at ${hex(addressOf('sys_read'))}`);
    expect(gdb('break context_start')).to.include(`Breakpoint 1 at ${hex(addressOf('context_start'))}`);
  });

  it('knows the context table', () => {
    expect(gdb('ptype struct context'))
      .to.include('char name[32];')
      .and.to.include('unsigned long kernel_stack_top;');
    expect(gdb('print sizeof(contexts) / sizeof(contexts[0])')).to.equal('$1 = 1024');
    expect(gdb('print &contexts[1].name')).to.include(
      hex(addressOf('contexts') + BigInt(ContextLayout.sizeBytes + ContextLayout.name)),
    );
    expect(gdb('ptype percpu.current')).to.include('struct context {');
  });

  it('knows the arguments of a pad and where they are', () => {
    const scope = gdb('info scope sys_read');
    expect(scope).to.include('Symbol fd is multi-location').and.to.include('a variable in $rdi');
    expect(gdb('ptype sys_read')).to.equal('type = long (long, long, long)');
  });

  it('counts the byte before a thread’s first instruction to the same function', () => {
    expect(gdb(`info symbol ${hex(addressOf('isolate_loop'))}`)).to.include('isolate_loop in section .text');
    expect(gdb(`disassemble ${hex(addressOf('context_start') - 1n)},+1`)).to.include('context_start');
  });
});
