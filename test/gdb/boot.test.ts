import { expect } from 'chai';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { spawn } from 'node:child_process';
import { Client, until } from '../../gdbstub/testing/client.js';
import { need } from '../../gdbstub/testing/tool.js';
import { compile, HalfcellProcess, interruptAfter } from './machine.js';

const PROMPT = /:~# /;

describe('`halfcell boot` under stock gdb', function () {
  this.timeout(60_000);
  let machine: HalfcellProcess;

  before(async function () {
    need(this, 'gdb');
    machine = await HalfcellProcess.start('boot');
  });

  after(() => machine.kill());

  /** The shell answers: the machine runs, its services too. */
  async function isUsable(mark: string): Promise<void> {
    machine.type(`echo ${mark}-$((6 * 7))\n`);
    await machine.says(new RegExp(`${mark}-42`));
  }

  /** Somebody presses Enter meanwhile. */
  async function whileTyping<T>(done: Promise<T>): Promise<T> {
    const keys = setInterval(() => machine.type('\n'), 100);
    return done.finally(() => clearInterval(keys));
  }

  it('is stopped in a call of a service by name, with no other file, and runs on', async () => {
    const text = await machine.debug(
      ...[
        'break sys_openat_into',
        'continue',
        'backtrace',
        'info threads',
        'info registers rip rax rdi',
        'detach',
      ],
    );
    expect(text).to.match(
      /Thread 2 "procmgr" hit Breakpoint 1, sys_openat_into \(dirfd=\d+, .*\) at plugins\/kernel\/syscalls\/open.ts:\d+/,
    );
    expect(text).to.match(/#1 .* in isolate_loop \(\) at plugins\/kernel\/image\/switching.asm.ts:\d+/);
    expect(text)
      .to.match(/\* 2 +Thread 2 "procmgr" \(running\)/)
      .and.match(/rip +0xffffffff\w+ +0x\w+ <sys_openat_into>\nrax .*\nrdi /);
    await machine.says(PROMPT);
    await isUsable('booted');
  });

  it('shows every service with its name, its state and where it waits', async () => {
    const text = await machine.debug('info threads', 'thread apply all backtrace', 'detach');
    expect(text)
      .to.match(/Thread 1 "idle" \(running\)/)
      .and.match(/"ramfs" \(blocked in sys_call\) +context_switch \(/);
    expect(text).to.match(
      /"sh" \(blocked in sys_read\)\):\n#0 +context_switch [^]*?in schedule \(\)[^]*?in block \(\)[^]*?in sys_read \(fd=[^]*?in isolate_loop \(\)/,
    );
  });

  it('can be attached to and left twenty times', async () => {
    for (let count = 0; count < 18; count++) {
      const client = await Client.open(machine.port);
      expect(await client.ask('?')).to.match(/^T02.*thread:1;/);
      if (count % 2) client.vanish();
      else expect(await client.ask('D')).to.equal('OK');
      await client.closed;
    }
    for (const command of ['detach', 'disconnect']) await machine.debug(command);
    await isUsable('attached');
  });

  it('is interrupted by Ctrl-C while idle and while busy', async () => {
    const idle = await machine.debug(interruptAfter(0.5), 'continue', 'backtrace', 'detach');
    expect(idle).to.match(/received signal SIGINT, Interrupt[^]*#0 +idle \(\)/);
    machine.type('i=0; while [ $i -lt 1000 ]; do i=$((i + 1)); done; echo counted-$i\n');
    const busy = await machine.debug(interruptAfter(0.5), 'continue', 'info threads', 'detach');
    expect(busy).to.match(/received signal SIGINT/);
    await machine.says(/counted-1000\b/);
  });

  it('runs on when the debugger is killed, with nothing of it left', async () => {
    const commands = ['break sys_read', 'break sys_write', 'watch contexts[2].id', 'continue', 'backtrace'];
    const flags = [`target remote 127.0.0.1:${machine.port}`, ...commands].flatMap((command) => [
      '-ex',
      command,
    ]);
    const debuggerProcess = spawn('gdb', ['-nx', '-q', '-iex', 'set debuginfod enabled off', ...flags]);
    let seen = '';
    debuggerProcess.stdout.on('data', (chunk: Buffer) => (seen += chunk.toString()));
    await whileTyping(until(() => /#1 /.test(seen)));
    expect(seen).to.match(/hit Breakpoint \d, sys_(read|write)/);
    debuggerProcess.kill('SIGKILL');
    await isUsable('abandoned');
    expect(await machine.debug('info threads', 'detach')).to.include('"sh" (blocked in sys_read)');
  });

  it('refuses a second debugger in words', async () => {
    const first = await Client.open(machine.port);
    await first.ask('?');
    const text = await machine.debug('info threads');
    expect(text).to.include('another debugger is attached to this machine');
    expect(await first.ask('D')).to.equal('OK');
    await first.closed;
  });

  it('answers monitor commands', async () => {
    const commands = ['help', 'ps', 'schemes', 'maps', 'maps 1', 'plugins', 'reset', 'nonsense'];
    const text = await machine.debug(...commands.map((command) => `monitor ${command}`), 'detach');
    expect(text)
      .to.match(/^ps +contexts/m)
      .and.match(/ 1 +0 +isolate +blocked +sys_read +\d+ +procmgr/);
    expect(text)
      .to.match(/\d+ +null +nulld/)
      .and.include('maps wants the number of a process')
      .and.include('runs in an isolate: it has no address space');
    expect(text)
      .to.match(/kernel +0 +kernel/)
      .and.include('reset: this machine cannot be reset')
      .and.include('"nonsense" is no monitor command');
  });

  it('shows and changes registers and memory', async () => {
    const text = await machine.debug(
      ...[
        'p $cr3',
        'p $xmm0.uint128',
        'set var $ymm7.v4_int64[3] = 0x5577',
        'p $ymm7.v4_int64[3]',
        'info registers eflags fs_base gs_base mxcsr cr0 efer',
        'print contexts[1].name',
        'x/2i $rip',
      ],
      ...[
        'print contexts[900].id',
        'set var contexts[900].id = 77',
        'set {int} &contexts[901].id = 78',
        'print contexts[900].id + contexts[901].id',
      ],
      ...[
        'set var contexts[900].id = 0',
        'set var contexts[901].id = 0',
        'set var $r15 = 0x123456789',
        'p $r15',
        'p percpu',
        'ptype struct frame',
        'x 0x8000000000000',
        'detach',
      ],
    );
    expect(text)
      .to.match(/eflags +0x\w+ +\[.* IF \]/)
      .and.match(/mxcsr +0x1f80 +\[ IM DM ZM OM UM PM \]/)
      .and.match(/cr0 +0x\w+ +\[ PE MP /);
    expect(text)
      .to.include('= "procmgr"')
      .and.match(/=> 0x\w+ <idle\+\d+>:\tcli/)
      .and.include('= 155')
      .and.include(`= ${0x5577}`)
      .and.include(`= ${0x123456789}`);
    expect(text)
      .to.include('Cannot access memory at address 0x8000000000000')
      .and.match(/current = 0x\w+/);
    await isUsable('written');
  });

  it('holds hundreds of breakpoints, soft and hard', async () => {
    const places = Array.from(
      { length: 300 },
      (_, at) => `${at % 2 ? 'hbreak' : 'break'} *(schedule + ${at * 3})`,
    );
    const session = machine.debug(
      'set confirm off',
      ...places,
      'break sys_call',
      'continue',
      'continue',
      'delete',
      'detach',
    );
    const text = await whileTyping(session);
    expect(text)
      .to.match(/[bB]reakpoint 300 at/)
      .and.match(/hit (Hardware assisted breakpoint|Breakpoint) \d+/i);
    await isUsable('unbroken');
  });

  it('survives 1,000 damaged packets', async function () {
    const client = await Client.open(machine.port);
    for (let count = 0; count < 1000; count++) client.socket.write(damaged(count));
    await new Promise((resolve) => setTimeout(resolve, 300));
    client.vanish();
    await client.closed;
    expect(await machine.debug('info threads', 'detach')).to.include('"sh" (blocked in sys_read)');
    await isUsable('undamaged');
  });
});

describe('the port for gdb', function () {
  this.timeout(60_000);

  for (const [name, programs] of [
    ['run', () => [compile('reader')]],
    ['boot', () => []],
  ] as const) {
    it(`is named in one line when it is in use: ${name}`, async function () {
      need(this, 'gcc');
      const server = createServer().listen(0, '127.0.0.1');
      await new Promise((resolve) => server.once('listening', resolve));
      const { port } = server.address() as AddressInfo;
      const halfcell = HalfcellProcess.spawn(name, '--gdb', String(port), ...programs());
      expect(await halfcell.ended).to.equal(2);
      expect(halfcell.text).to.equal(
        `halfcell: port ${port} of 127.0.0.1 is in use; give --gdb another one\n`,
      );
      server.close();
    });
  }
});

const BODIES = [
  '$g#67', '$m0,ffffffffffff#00', '$mffffffff80100000,10#5b', '$vCont;s:1#83', '$Z0,0,1#00', '$Z2,ffffffffffffffff,ffffffff#11', '$Hg0#df',
  '$qXfer:threads:read::0,fff#03', '$qRcmd,7073#99', '$G00#d7', '$P10=0#aa', '$X1,0:#00', '$vFile:open:2f,0,0#00', '$?#3f', '$qSearch:memory:0;ffffffffffffffff;41#00',
  '$T7fffffff#00', '$bc#c5', '$M0,4:00000000#00', '$vCont;r0,ffffffffffffffff:1#00', '$QCatchSyscalls:1#00', '$qSupported#37',
] as const; // prettier-ignore

/** Packets with a wrong sum, a byte changed, cut short or run together; the same for the same number. */
function damaged(count: number): Buffer {
  const body = BODIES[count % BODIES.length] ?? '';
  const bytes = Buffer.from(body, 'latin1');
  const at = (count * 7919) % bytes.length;
  switch (count % 4) {
    case 0:
      return bytes;
    case 1:
      bytes[at] = (count * 31) & 0xff;
      return bytes;
    case 2:
      return bytes.subarray(0, at);
    default:
      return Buffer.concat([bytes, Buffer.from([count & 0xff, 3])]);
  }
}
