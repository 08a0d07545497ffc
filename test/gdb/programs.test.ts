import { expect } from 'chai';
import { need } from '../../gdbstub/testing/tool.js';
import { compile, HalfcellProcess, lineOf, programFolder } from './machine.js';

describe('a program of `halfcell run` under stock gdb', function () {
  this.timeout(60_000);
  let machine: HalfcellProcess | undefined;

  before(function () {
    need(this, 'gdb', 'gcc');
  });

  afterEach(async () => {
    await machine?.kill();
    machine = undefined;
  });

  const start = async (...args: string[]) => (machine = await HalfcellProcess.start('run', ...args));

  for (const [form, compiler, flags] of [
    ['static', 'gcc', ['-static', '-no-pie']],
    ['static position independent', 'gcc', ['-static-pie']],
    ['static musl', 'musl-gcc', ['-static']],
  ] as const) {
    it(`has symbols, lines and variables without a file: ${form}`, async function () {
      need(this, compiler);
      const running = await start(compile('reader', compiler, ...flags));
      const text = await running.debug(
        ...[
          'break main',
          'continue',
          'break twice',
          'continue',
          'set var value = 50',
          'delete',
          'finish',
          'display total',
        ],
        ...[
          'next',
          'step',
          'info locals',
          'x/2i $pc',
          'up',
          `break ${lineOf('reader', 'write(1, "ready')}`,
          'continue',
        ],
        ...['print counter', 'print twice(21)', 'backtrace'],
      );
      const [first, end] = [lineOf('reader', 'counter = sum(4)'), lineOf('reader', '"ready')];
      expect(text).to.include(`, main (argc=1, argv=0x7f`).and.include(`${first}\t  counter = sum(4);`);
      expect(text).to.include('hit Breakpoint 2, twice (value=0)').and.include('Value returned is $1 = 100');
      expect(text)
        .to.match(/1: total = \d+/)
        .and.match(/=> 0x\w+ <(sum|twice)\+\d+>:/)
        .and.match(/\n(result|total) = \d+\n/);
      expect(text)
        .to.include('$2 = 112\n$3 = 42\n')
        .and.match(new RegExp(`#0 +main .*:${end}\n`));
    });
  }

  it('goes over calls that wait with `next`, and into functions with `step`, from main to its end', async () => {
    const running = await start(compile('reader'));
    const line = lineOf('reader', '"ready');
    const session = running.debug(
      `break reader.c:${line}`,
      'continue',
      'next',
      'next',
      'next',
      'print buffer',
      'next',
      'continue',
    );
    await running.says(/ready/);
    running.type('a line\n');
    const text = await session;
    for (const next of [0, 1, 2, 3, 4]) expect(text).to.match(new RegExp(`^${line + next}\\t`, 'm'));
    expect(text).to.include('"a line\\n"').and.include('exited with code 014');
  });

  it('goes on with another program after exec, with the breakpoints of the old one', async () => {
    const other = compile('signals');
    const running = await start('--mount', `${programFolder}:${programFolder}`, compile('execute'), other);
    const text = await running.debug(
      'break main',
      'continue',
      'print before',
      'continue',
      'print handled',
      'print before',
      'break sys_write',
      'kill',
    );
    expect(text)
      .to.match(/is executing new program: .*signals/)
      .and.match(/hit Breakpoint 1, main .*signals.c:\d+/);
    expect(text)
      .to.include('$1 = 7\n')
      .and.include('$2 = 0\n')
      .and.include('No symbol "before"')
      .and.match(/Breakpoint 2 at 0xffffffff8/);
  });

  it('shows the program of a child after exec', async () => {
    const other = compile('signals', 'gcc', '-static-pie');
    const running = await start(
      '--mount',
      `${programFolder}:${programFolder}`,
      compile('execute'),
      other,
      'child',
    );
    const text = await running.debug(
      'set breakpoint pending on',
      'break on_usr1',
      'handle SIGUSR1 nostop noprint',
      'continue',
      'backtrace 1',
      'info threads',
      'thread 2',
      'backtrace',
      'continue',
    );
    expect(text).to.match(/Thread 3 "signals-\w+" hit Breakpoint 1.*, on_usr1 \(signal=10\)/);
    expect(text)
      .to.match(/Thread 2 "execute-\w+" \((blocked in sys_wait4|runnable)\)/)
      .and.match(/in main \(argc=3, .*execute.c:\d+/);
  });

  describe('and its signals', () => {
    it('stops at the instruction of a fault with its details, and ends by it', async () => {
      const running = await start(compile('signals'), 'crash');
      const text = await running.debug(
        'continue',
        'print $_siginfo._sifields._sigfault.si_addr',
        'up',
        'continue',
      );
      expect(text).to.match(/received signal SIGSEGV.*crash \(where=0x1234\) at .*signals.c:\d+\n/s);
      expect(text).to.include('(void *) 0x1234').and.include('Program terminated with signal SIGSEGV');
    });

    it('executes the instruction of a fault again when the signal is withheld', async () => {
      const running = await start(compile('signals'), 'crash');
      const text = await running.debug('continue', 'set var $rax = &handled', 'signal 0');
      expect(text).to.include('exited normally');
      expect(machine?.text).to.include('handled 42');
    });

    it('steps to an address where nothing is mapped, and to its fault with the step after that', async () => {
      const running = await start(compile('signals'), 'jump');
      const step = ['stepi', 'print $pc'];
      const text = await running.debug(
        ...[
          'break nowhere',
          'continue',
          `python exec("while int(gdb.parse_and_eval('$pc')) != 0x1234000: gdb.execute('stepi')")`,
        ],
        ...['print handled', 'backtrace', ...step, ...step],
      );
      const [before = '', after = ''] = text.split('$1 = 0\n');
      expect(before).not.to.include('SIGSEGV');
      expect(after).to.match(/^#0 +0x0*1234000 in \?\?[^]*in nowhere [^]*SIGSEGV[^]*\$2 = .* 0x1234000/);
      expect(after).to.include('Program terminated with signal SIGSEGV');
    });

    it('passes a signal to its handler, or withholds it', async () => {
      const passed = await start(compile('signals'), 'usr1');
      expect(await passed.debug('continue', 'break on_usr1', 'continue', 'backtrace', 'continue')).to.match(
        /received signal SIGUSR1.*hit Breakpoint 1, on_usr1 .*in main/s,
      );
      expect(machine?.text).to.include('handled 10');
      await machine?.kill();
      const withheld = await start(compile('signals'), 'usr1');
      expect(await withheld.debug('continue', 'signal 0')).to.include('exited normally');
      expect(machine?.text).to.include('handled 0');
    });

    it('shows who called abort', async () => {
      const running = await start(compile('signals'), 'abort');
      expect(await running.debug('continue', 'backtrace', 'continue')).to.match(
        /SIGABRT.*in abort .*in main .*terminated with signal SIGABRT/s,
      );
    });
  });
});
