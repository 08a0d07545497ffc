import { expect } from 'chai';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { HostError } from '../../core/errors/host-error.js';
import { failureOf } from './failure.js';
import { runCommandLine } from './program.js';
import { values } from './values.js';

/** What one command line wrote on standard error, and its status. */
async function answerTo(...args: string[]) {
  const write = process.stderr.write;
  let text = '';
  process.stderr.write = ((chunk: string) => ((text += chunk), true)) as typeof write;
  try {
    const status = await runCommandLine(args);
    return { status, text };
  } finally {
    process.stderr.write = write;
  }
}

describe('the command line', () => {
  const folder = mkdtempSync(join(tmpdir(), 'halfcell-cli-'));
  const file = (name: string, content: string | Buffer) => {
    writeFileSync(join(folder, name), content);
    return join(folder, name);
  };
  after(() => rmSync(folder, { recursive: true }));

  const elf = (machine: number) => {
    const bytes = Buffer.alloc(64);
    bytes.set([0x7f, 0x45, 0x4c, 0x46, 2, 1]);
    bytes.writeUInt16LE(machine, 18);
    return bytes;
  };

  const mistakes: [args: () => string[], text: string][] = [
    [() => ['frob'], "unknown command 'frob'; see halfcell --help"],
    [() => ['boot', '--gbd', '1'], "unknown option '--gbd' (Did you mean --gdb?); see halfcell boot --help"],
    [() => ['boot', '--gdb', '70000'], '--gdb 70000 is out of range; give a whole number from 0 to 65535'],
    [() => ['boot', '--wait'], '--wait waits for a debugger, but none can connect; add --gdb PORT'],
    [() => ['boot', '--timeout', 'soon'], '--timeout soon is no time; give a number of seconds above 0'],
    [() => ['boot', '--mount', '/tmp'], '--mount /tmp is no mount; write HOST:GUEST or HOST:GUEST:ro'],
    [
      () => ['boot', '--mount', '/tmp:/a:rw'],
      '--mount /tmp:/a:rw is no mount; write HOST:GUEST or HOST:GUEST:ro',
    ],
    [() => ['boot', '--mount', '/nowhere:/a'], 'there is no /nowhere on the host; name a folder or file'],
    [() => ['boot', '--machine', '/nowhere.toml'], 'there is no file /nowhere.toml; check the path'],
    [
      () => ['boot', '--machine', file('bad.toml', 'name = "x"\nmemory_mib = = 5\n')],
      'bad.toml:2:14 is no TOML: ',
    ],
    [() => ['script', '/nowhere.ts'], 'there is no file /nowhere.ts; check the path'],
    [() => ['run'], "missing required argument 'program'; see halfcell run --help"],
    [() => ['run', '/nowhere'], 'there is no program /nowhere; check the path'],
    [
      () => ['run', file('text', 'just text, and enough of it')],
      'text is not an ELF file; name a program built for x86-64',
    ],
    [() => ['run', file('empty', '')], 'empty is not an ELF file; name a program built for x86-64'],
    [
      () => ['run', file('script', '#!/bin/sh\n')],
      'script is a script: run its interpreter, with the script as argument',
    ],
    [() => ['run', file('arm', elf(183))], 'arm is an ELF file for another processor (machine 183)'],
    [() => ['run', '--env', 'X', file('good', elf(62))], '--env X sets nothing; write NAME=VALUE'],
    [() => ['run', '--abi', 'bsd', file('good', elf(62))], 'there is no ABI bsd; use linux or redox'],
    [
      () => ['run', '--cpu', 'i386', file('good', elf(62))],
      'there is no processor i386; use one of x86-64, x86-64-v2, x86-64-v3, max',
    ],
    [() => ['run', '--memory', '1', file('good', elf(62))], '--memory 1 is out of range'],
  ];
  for (const [args, text] of mistakes) {
    it(`answers status 2 and one line: ${text}`, async () => {
      const answer = await answerTo(...args());
      expect(answer.text)
        .to.match(/^halfcell: [^\n]+\n$/)
        .and.to.include(text);
      expect(answer.status).to.equal(2);
    });
  }

  it('prints the usage and answers status 2 without a command', async () => {
    const { status, text } = await answerTo();
    expect(text).to.include('Usage: halfcell');
    expect(status).to.equal(2);
  });

  it('collects mounts in their order, with absolute paths on both sides', () => {
    const mounts = values.mount('core:/b/../c:ro', values.mount('/tmp:/a'));
    expect(mounts).to.deep.equal([
      { host: '/tmp', guest: '/a', readOnly: false },
      { host: join(process.cwd(), 'core'), guest: '/c', readOnly: true },
    ]);
  });

  it('keeps everything after the first = of a variable', () =>
    expect(values.environment('A=b=c', { Z: '1' })).to.deep.equal({ Z: '1', A: 'b=c' }));
});

describe('failureOf', () => {
  it('names a port that somebody else listens on, with status 2', async () => {
    const [first, second] = [createServer(), createServer()];
    const port = await new Promise<number>((resolve) =>
      first.listen(0, '127.0.0.1', () => resolve((first.address() as AddressInfo).port)),
    );
    const error = await new Promise((resolve) => second.on('error', resolve).listen(port, '127.0.0.1'));
    first.close();
    expect(failureOf(error)).to.deep.equal({
      text: `port ${port} is in use; choose another one, or 0 for any that is free`,
      status: 2,
    });
  });

  it('tells a mistake of the user (2) from a machine that broke (1)', () => {
    expect(failureOf(new HostError('PLUGIN_FILE', 'a.ts:3:1', 'expected ";"'))).to.deep.equal({
      text: 'a.ts:3:1 expected ";"',
      status: 2,
    });
    expect(failureOf(new HostError('TRIPLE_FAULT', 0x1000n))).to.have.property('status', 1);
    expect(failureOf(new TypeError('x is\nundefined'))).to.deep.equal({
      text: 'x is undefined; set HALFCELL_DEBUG=1 to see where',
      status: 1,
    });
  });
});
