import { expect } from 'chai';
import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, copyFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { elfAround, smallestProgram } from '../../scripts/build/smallest-program.js';
import { compile, hasCompiler } from '../linux/compile.js';
import { halfcell, isHost, temporaryFolder, skipWithout } from './halfcell.js';

const PROGRAM = join(import.meta.dirname, 'programs/endings.c');
const MEMORY_HOG = join(import.meta.dirname, 'programs/memory-hog.c');

describe('how programs end in halfcell run (needs gcc)', function () {
  this.timeout(60_000);
  before(function () {
    skipWithout(this, isHost && hasCompiler('gcc'));
  });
  const folder = temporaryFolder();

  const endings: [how: string, status: number, words: RegExp][] = [
    ['exit', 42, /^$/],
    ['kill', 137, /^$/],
    ['term', 143, /^$/],
    ['abort', 134, /^$/],
    ['write', 139, /^halfcell: endings\S* \(process 1\) was killed by SIGSEGV at rip 0x[\da-f]+ in store(\+0x[\da-f]+)?, address 0x10\n$/],
    ['illegal', 132, /^halfcell: \S+ \(process 1\) was killed by SIGILL at rip 0x[\da-f]+ in illegal(\+0x[\da-f]+)?\n$/],
    ['divide', 136, /^halfcell: \S+ \(process 1\) was killed by SIGFPE at rip 0x[\da-f]+ in divide(\+0x[\da-f]+)?\n$/],
    ['jump', 139, /^halfcell: \S+ \(process 1\) was killed by SIGSEGV at rip 0x1234567, address 0x1234567\n$/],
    ['child', 0, /^$/],
  ]; // prettier-ignore
  for (const [how, status, words] of endings) {
    it(`${how}: status ${status}${words.source === '^$' ? ', no words' : ', one line with signal, rip and symbol'}`, async () => {
      const ended = await halfcell([compile(PROGRAM, 'gcc'), how]);
      expect(ended.status).to.equal(status);
      expect(ended.stderr).to.match(words);
    });
  }

  it('a program without symbols gets the same line without one', async () => {
    const path = join(folder.path, 'stripped');
    copyFileSync(compile(PROGRAM, 'gcc'), path);
    execFileSync('strip', [path]);
    expect((await halfcell([path, 'write'])).stderr).to.match(/SIGSEGV at rip 0x[\da-f]+, address 0x10\n$/);
  });

  it('a program that uses up all memory is killed, and one line says so', async () => {
    const ended = await halfcell(['--memory', '64', compile(MEMORY_HOG, 'gcc'), 'self']);
    expect(ended.status).to.equal(137);
    expect(ended.stderr).to.match(
      /^halfcell: out of memory: \S+ \(process 1\) was killed; --memory gives the machine more\n$/,
    );
  });

  it('after a child has used up all memory its parent has it again', async () => {
    const ended = await halfcell(['--memory', '64', compile(MEMORY_HOG, 'gcc'), 'child']);
    expect(ended).to.include({ status: 0, stdout: 'child was killed by 9\nagain\n' });
  });

  it('a program of nine bytes ends with status 0', async () => {
    const path = join(folder.path, 'smallest');
    writeFileSync(path, smallestProgram(), { mode: 0o755 });
    expect(await halfcell([path])).to.deep.equal({ status: 0, stdout: '', stderr: '' });
  });

  it('an instruction that this processor lacks is named with its bytes', async () => {
    const path = join(folder.path, 'wide');
    writeFileSync(path, elfAround(Uint8Array.of(0x62, 0xf1, 0x7c, 0x48, 0x58, 0xc1)), { mode: 0o755 });
    const { status, stderr } = await halfcell([path]);
    expect(status).to.equal(132);
    expect(stderr.split('\n')).to.deep.equal([
      'halfcell: wide: instruction 62 f1 7c 48 58 c1 00 00 00 00 00 00 (no row) at rip 0x400078 raises #UD: this processor lacks it',
      'halfcell: wide (process 1) was killed by SIGILL at rip 0x400078',
      '',
    ]);
  });

  it('one that jumps into nowhere at once is not mourned by more than a line', async () => {
    const path = join(folder.path, 'nothing');
    writeFileSync(path, elfAround(Uint8Array.of(0xf4)), { mode: 0o755 });
    const { status, stderr } = await halfcell([path]);
    expect(status).to.equal(139);
    expect(stderr).to.equal('halfcell: nothing (process 1) was killed by SIGSEGV at rip 0x400078\n');
  });
});

describe('mistakes of halfcell run: one line, status 2', function () {
  this.timeout(30_000);
  before(function () {
    skipWithout(this, isHost);
  });
  const folder = temporaryFolder();
  const file = (name: string, content: Uint8Array | string, mode = 0o755) => {
    const path = join(folder.path, name);
    writeFileSync(path, content);
    chmodSync(path, mode);
    return path;
  };
  const good = () => file('good', smallestProgram());
  const dynamic = () => {
    const path = '/lib64/missing.so\0';
    const elf = Buffer.concat([smallestProgram(), Buffer.from(path)]);
    elf.writeUInt32LE(3, 64);
    elf.writeBigUInt64LE(BigInt(elf.length - path.length), 72);
    elf.writeBigUInt64LE(BigInt(path.length), 96);
    return file('dynamic', elf);
  };

  const mistakes: [name: string, args: () => string[], text: RegExp][] = [
    ['no such file', () => ['/nowhere/program'], /there is no program \/nowhere\/program/],
    ['a folder', () => [folder.path], /is not a file/],
    ['no ELF file', () => [file('text', 'plain text, long enough to look at')], /is not an ELF file/],
    ['a script', () => [file('script', '#!/bin/sh\n')], /is a script/],
    ['not executable', () => [file('plain', smallestProgram(), 0o644)], /is not executable; allow it: chmod \+x/],
    ['half a file', () => [file('half', smallestProgram().subarray(0, 70))], /has ELF headers that no loader understands/],
    ['no loader', () => [dynamic()], /./],
    ['a mount without target', () => ['--mount', '/tmp', good()], /is no mount; write HOST:GUEST/],
    ['a mount of nothing', () => ['--mount', '/nowhere:/x', good()], /there is no \/nowhere on the host/],
    ['a relative target', () => ['--mount', '/tmp:x', good()], /x is not absolute; write \/x/],
    ['a wrong flag', () => ['--mount', '/tmp:/x:rw', good()], /is no mount/],
    ['a folder to start in that is not there', () => ['--cwd', '/nowhere', good()], /\/nowhere is no folder of the guest/],
    ['a file to start in', () => ['--cwd', good(), good()], /is no folder of the guest/],
    ['a relative folder to start in', () => ['--cwd', 'x', good()], /--cwd x is not absolute; write \/x/],
    ['too little memory', () => ['--memory', '15', good()], /--memory 15 is out of range/],
    ['too much memory', () => ['--memory', '4096', good()], /--memory 4096 is out of range/],
    ['no number', () => ['--memory', '1e3', good()], /--memory 1e3 is out of range/],
    ['a variable without a name', () => ['--env', '=x', good()], /--env =x sets nothing/],
    ['an unknown option', () => ['--frob', good()], /unknown option '--frob'/],
  ]; // prettier-ignore
  for (const [name, args, text] of mistakes) {
    it(name, async () => {
      const ended = await halfcell(args());
      expect(ended.stderr)
        .to.match(/^halfcell: [^\n]+\n$/)
        .and.to.match(text);
      expect(ended).to.include({ status: 2, stdout: '' });
    });
  }

  it('a port that is in use', async () => {
    const server = createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    const ended = await halfcell(['--gdb', `${port}`, good()]);
    server.close();
    expect(ended).to.deep.equal({
      status: 2,
      stdout: '',
      stderr: `halfcell: port ${port} of 127.0.0.1 is in use; give --gdb another one\n`,
    });
  });

  it('the smallest memory is enough for a small program', async () =>
    expect((await halfcell(['--memory', '16', good()])).status).to.equal(0));
});
