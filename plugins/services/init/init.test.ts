import { expect } from 'chai';
import { bootMock, withSystem } from '../runtime/testing/boot.js';
import { parseScript } from './script.js';

describe('a script of init', () => {
  it('is lines of words, with variables and assignments', () => {
    const text = '# comment\n\n  notify ramfs $NAME  \nA=1 B=$ run me\nexport X=y\n';
    expect(parseScript(text, { NAME: 'tmp', B: 'two' })).deep.equal([
      { verb: 'notify', words: ['ramfs', 'tmp'], env: {} },
      { verb: 'run', words: ['run', 'me'], env: { A: '1', B: 'two' } },
      { verb: 'export', words: ['X=y'], env: {} },
    ]);
  });
});

describe('init', () => {
  const boot = (script: string, env: Readonly<Record<string, string>> = {}) =>
    bootMock({ tree: { 'usr/lib/init.d/50_test': script }, env });

  it('runs numbered scripts in order, and goes on after a failure', () => {
    const { shown } = boot('echo first\nnosuchprogram x\nmkdir /a/b\nls /a\nrm -r /a\necho last\n');
    expect(shown()).equal(
      'first\ninit: /usr/lib/init.d/50_test: nosuchprogram x: No such file or directory\nb\nlast\n',
    );
  });

  it('says what a program that failed answered', () =>
    expect(boot('ls /nothing\n').shown()).match(/init: ls \/nothing: status 2\n$/));

  it('exports to what it starts', () =>
    expect(boot('export GREETING=hello\nenv\n').shown()).match(/^GREETING=hello$/m));

  it('runs one command and shuts down with its status', () => {
    const { machine, shown } = boot('', { EXEC_COMMAND: 'echo ran; env | grep -c EXEC; exit 5' });
    expect(shown()).equal('ran\n0\n');
    expect(machine.sys.stopped).equal('shutdown 5');
  });

  it('refuses a daemon that it does not know', () =>
    expect(boot('notify strange\n').shown()).equal('init: strange is no daemon of this machine\n'));

  it('starts the daemons that its scripts name', () =>
    withSystem((_os, { machine }) => {
      const named = [...machine.kernel.contexts.values()].map(({ attributes }) => attributes.name);
      expect(named).include.members(['init', 'ramfs', 'logd', 'nulld', 'zerod', 'randd']);
    }));
});
