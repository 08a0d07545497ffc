import { expect } from 'chai';
import { gdb, need } from '../../gdbstub/testing/tool.js';
import { compile, HalfcellProcess, interruptAfter } from './machine.js';

describe('the kernel below a program, under stock gdb', function () {
  this.timeout(60_000);
  let machine: HalfcellProcess;

  before(function () {
    need(this, 'gdb', 'gcc');
  });

  afterEach(() => machine.kill());

  const start = async (...args: string[]) =>
    (machine = await HalfcellProcess.start('run', compile('reader'), ...args));

  it('stops in sys_read with the arguments and shows the callers down to main', async () => {
    await start();
    const text = await machine.debug(
      'break sys_read',
      'continue',
      'backtrace',
      'info threads',
      'print contexts[1].name',
      'x/4i $rip',
    );
    expect(text).to.match(
      /hit Breakpoint 1, sys_read \(fd=0, buffer=\d+, length=63\) at plugins\/kernel\/.*\.ts:\d+/,
    );
    expect(text).to.match(
      /#1 +<signal handler called>\n#2 .* in read \(\)\n#3 .* in main \(argc=1, .*reader.c:\d+/,
    );
    expect(text)
      .to.match(/ 1 +Thread 1 "idle" \(runnable\) +context_switch/)
      .and.match(/\* 2 +Thread 2 "reader-\w+" \(running\) +sys_read/);
    expect(text)
      .to.match(/\$1 = "reader-/)
      .and.match(
        /=> 0xffffffff\w+ <sys_read>:\tmov +%rdx,%r10\n.*<sys_read\+3>:\tmov +\$0x\w+,%eax\n.*vmcall/,
      );
  });

  it('changes a call: another descriptor in rdi', async () => {
    await start();
    await machine.debug('break sys_read', 'continue', 'set var $rdi = 77', 'delete', 'continue');
    expect(machine.text).to.include('got -1 errno 9:');
  });

  it('finishes a call that waits, while another process prints', async () => {
    await start('fork');
    const session = machine.debug('break sys_read', 'continue', 'finish', 'info threads', 'kill');
    await machine.says(/(tick\n){1}[^]*(tick\n){10}/);
    machine.type('now\n');
    const text = await session;
    expect(text)
      .to.include('Value returned is $1 = 4')
      .and.match(/ 3 +Thread 3 "reader-/);
  });

  it('goes over a call that waits with `next`, while another process of the same program runs', async () => {
    await start('fork');
    const session = machine.debug(
      'break read',
      'continue',
      'delete',
      'up',
      'advance 41',
      'next',
      'print buffer',
      'kill',
    );
    await machine.says(/ready[^]*(tick\n){5}/);
    machine.type('now\n');
    expect(await session).to.include('$1 = "now\\n"');
  });

  it('stops where the kernel writes into a buffer that is watched, and where it reads from it', async () => {
    await start();
    machine.type('text\n');
    const text = await machine.debug(
      'break main',
      'continue',
      'watch buffer',
      'continue',
      'backtrace 4',
      'delete',
      'rwatch ::buffer[0]',
      'continue',
      'backtrace 2',
      'delete',
      'kill',
    );
    expect(text)
      .to.match(/Hardware watchpoint 2: buffer\n\nOld value = '\\000' .*\nNew value = "text\\n"/)
      .and.match(/New value[^]*#0 +0x\w+ in sys_read \(fd=0, /);
    expect(text)
      .to.match(/#3 .* in main \(argc=1/)
      .and.match(/Hardware read watchpoint 3:[^]*Value = 116 't'/);
  });

  it('stops at any access to a buffer, the kernel’s too', async () => {
    await start();
    machine.type('text\n');
    const text = await machine.debug(
      'break main',
      'continue',
      'awatch buffer[0]',
      'continue',
      'continue',
      'kill',
    );
    expect(text).to.match(
      /watchpoint 2: buffer\[0\]\n\nOld value = 0 '\\000'\nNew value = 116 't'\n.* in sys_read/,
    );
    expect(text).to.match(/watchpoint 2: buffer\[0\]\n\nValue = 116 't'\n.* in \w*(strlen|printf)/);
  });

  it('steps by instruction through a call that waits, through idle, and back to the program', async () => {
    await start();
    machine.type('early\n');
    const steps = [
      'python seen = {}',
      'python for i in range(2500):\n  gdb.execute("stepi", to_string=True); n = gdb.selected_frame().name(); seen[n] = seen.get(n, 0) + 1',
      'python print("steps", sum(seen.values()), "saw", " ".join(sorted(map(str, seen))))',
    ];
    const text = await machine.debug(
      'break read',
      'continue',
      'delete',
      ...steps,
      'info threads',
      'continue',
    );
    expect(text)
      .to.match(/steps 2500 saw /)
      .and.include('syscall_entry')
      .and.include('sys_read')
      .and.include('printf');
    expect(text).to.include('exited with code 014');
    expect(machine.text).to.include('got 6 errno 0: early');
  });

  it('steps out of a thread that blocks, into the next one', async () => {
    await start();
    const loop =
      'python\nfor i in range(300):\n  gdb.execute("stepi", to_string=True)\n  if gdb.selected_frame().name() == "idle": break\nend';
    const text = await machine.debug(
      'break block',
      'continue',
      'delete',
      ...pythonLines(loop),
      'backtrace',
      'thread 2',
      'backtrace',
      'stepi 3',
      interruptAfter(1),
      'continue',
      'info threads',
    );
    expect(text)
      .to.match(/#0 +idle \(\)/)
      .and.match(/#1 .* schedule \(\) .*\n#2 .* block \(\) .*\n#3 .* sys_read \(fd=0, [^]*in main/);
  });

  it('shows the state of every thread after Ctrl-C in idle', async () => {
    await start();
    const text = await machine.debug(
      interruptAfter(1),
      'continue',
      'info threads',
      'thread 2',
      'backtrace',
      'print buffer',
      'thread 1',
      'print counter',
      'detach',
    );
    expect(text)
      .to.match(/received signal SIGINT[^]*idle \(\)/)
      .and.match(/2 +Thread 2 "reader-\w+" \(blocked in sys_read\) +context_switch/);
    expect(text)
      .to.match(/in sys_read \(fd=0[^]*in main [^]*\$1 = '\\000' <repeats 63 times>/)
      .and.include('$2 = 12');
    machine.type('later\n');
    await machine.says(/got 6 errno 0: later/);
  });
});

/** gdb's -ex takes one line; its python takes \n inside of exec. */
function pythonLines(script: string): string[] {
  const body = script.split('\n').slice(1, -1).join('\n');
  return [`python exec(${JSON.stringify(body)})`];
}

describe('time, threads and sources under stock gdb', function () {
  this.timeout(60_000);
  let machine: HalfcellProcess;

  before(function () {
    need(this, 'gdb', 'gcc');
  });

  afterEach(() => machine.kill());

  it('stands still for a program while it is stopped', async () => {
    machine = await HalfcellProcess.start('run', compile('clock'));
    await machine.debug('break nothing', 'continue', 'shell sleep 2', 'stepi', 'shell sleep 1', 'continue');
    const [, passed] = /passed (\d+) ms/.exec(machine.text) ?? [];
    expect(Number(passed)).to.be.below(1000);
  });

  it('is interrupted while programs spin, each thread with its callers', async () => {
    machine = await HalfcellProcess.start('run', compile('spin'));
    const text = await machine.debug(
      ...[
        interruptAfter(1),
        'continue',
        'info threads',
        'thread apply all backtrace',
        'print count[0] > 0 && count[1] > 0',
      ],
      ...[interruptAfter(0.5), 'continue', 'kill'],
    );
    expect(text.match(/received signal SIGINT/g)).to.have.length(2);
    expect(text)
      .to.match(/Thread 3 "spin-\w+" \(blocked in sys_pause\)/)
      .and.match(/in wait \(unused=0x0\) at/);
    expect(text.match(/ spin \(which=0x[01]\) at/g)).to.have.length.at.least(1);
    expect(text).to.include('$1 = 1');
  });

  it('takes the program from gdb’s own command line', async () => {
    const program = compile('reader', 'gcc', '-static-pie');
    machine = await HalfcellProcess.start('run', program);
    const remote = `target remote 127.0.0.1:${machine.port}`;
    const text = await gdb(
      [remote, 'break main', 'continue', 'break sys_read', 'continue', 'backtrace', 'kill'],
      program,
    );
    expect(text)
      .to.match(/hit Breakpoint 1, main \(argc=1/)
      .and.match(/hit Breakpoint 2, sys_read \(fd=0[^]*in main \(argc=1/);
    expect(text).to.not.match(/[Mm]ismatch/);
  });

  it('ends with the status of the program', async () => {
    machine = await HalfcellProcess.start('run', compile('reader'));
    machine.type('\n');
    expect(await machine.debug('continue')).to.include('[Inferior 1 (Remote target) exited with code 014]');
    expect(await machine.ended).to.equal(12);
  });
});
