import { expect } from 'chai';
import { shell, withSystem } from '../runtime/testing/boot.js';
import { applets } from './applets.js';
import { commandNames } from './names.js';

/** Command lines, what they print, and their status. Each runs in a fresh system, in /tmp/w with files a, b and d/c. */
const cases: Readonly<
  Record<string, readonly (readonly [command: string, output: string, status?: number])[]>
> = {
  ls: [
    ['ls', 'a\nb\nd\n'],
    ['ls -a', '.\n..\n.hidden\na\nb\nd\n'],
    ['ls -A', '.hidden\na\nb\nd\n'],
    ['ls -R', '.:\na\nb\nd\n\n./d:\nc\n'],
    ['ls -d d; ls -F; ls -r', 'd\na\nb\nd/\nd\nb\na\n'],
    ['ls a nothing', "ls: cannot access 'nothing': No such file or directory\na\n", 2],
    ['ls -l a | tr -s " " | cut -d " " -f 1-5,9', '-rw-r--r-- 1 root root 6 a\n'],
    ['ln -s a l; ls -l l | cut -c 1-10; ls -l l | grep -o "l ->.*"', 'lrwxrwxrwx\nl -> a\n'],
    ['head -c 3000 /dev/zero > big; ls -lh big | tr -s " " | cut -d " " -f 5', '3.0K\n'],
    ['ls -S', 'd\nb\na\n'],
    ['ls a b d', 'a\nb\n\nd:\nc\n'],
    ['ls -1', 'a\nb\nd\n'],
    ['ls -y', 'ls: unknown option -y; try ls --help\n', 2],
  ],
  'cat, head, tail, wc': [
    ['cat a b', 'one 1\ntwo 2\nthree 3\n'],
    ['cat -n a b', '     1\tone 1\n     2\ttwo 2\n     3\tthree 3\n'],
    ['echo x | cat a - ', 'one 1\nx\n'],
    ['cat nothing a', 'cat: nothing: No such file or directory\none 1\n', 1],
    ['cat d', 'cat: d: Is a directory\n', 1],
    ['printf "x\\ty\\n\\n\\n" | cat -AsT', 'x^Iy$\n$\n'],
    ['seq 20 | head -n 2; seq 20 | head -2; seq 3 | head -n -1', '1\n2\n1\n2\n1\n2\n'],
    ['seq 20 | tail -n 2; seq 20 | tail -n +19; seq 5 | tail -1', '19\n20\n19\n20\n5\n'],
    ['printf abcdef | head -c 2; printf abcdef | tail -c 2', 'abef'],
    ['head -n 1 a b', '==> a <==\none 1\n\n==> b <==\ntwo 2\n'],
    ['wc a b | tr -s " "', ' 1 2 6 a\n 2 4 14 b\n 3 6 20 total\n'],
    ['wc -l < b; wc -w b; wc -c < a; printf "ä" | wc -m', '2\n4 b\n6\n1\n'],
    ['printf "no newline" | tail -n 1', 'no newline'],
  ],
  'sort, uniq, cut, tr, seq': [
    ['printf "b\\na\\nc\\n" | sort', 'a\nb\nc\n'],
    ['printf "10\\n9\\n2\\n" | sort; printf "10\\n9\\n2\\n" | sort -n', '10\n2\n9\n2\n9\n10\n'],
    ['printf "a 2\\nb 1\\n" | sort -k 2; printf "a:2\\nb:1\\n" | sort -t : -k 2nr', 'b 1\na 2\na:2\nb:1\n'],
    ['printf "b\\na\\nb\\n" | sort -u; printf "B\\na\\n" | sort -f', 'a\nb\na\nB\n'],
    ['printf "2K\\n1M\\n5\\n" | sort -h', '5\n2K\n1M\n'],
    ['printf "a\\na\\nb\\n" | uniq; printf "a\\na\\nb\\n" | uniq -c', 'a\nb\n      2 a\n      1 b\n'],
    ['printf "a\\na\\nb\\n" | uniq -d; printf "a\\na\\nb\\n" | uniq -u', 'a\nb\n'],
    ['echo a:b:c | cut -d : -f 1,3; echo abcdef | cut -c 2-4,6', 'a:c\nbcdf\n'],
    ['echo hello | tr a-y b-z; echo aabb | tr -s ab; echo a1b2 | tr -d 0-9', 'ifmmp\nab\nab\n'],
    ['echo Hello | tr "[:upper:]" "[:lower:]"; echo a1 | tr -cd 0-9', 'hello\n1'],
    ['seq 3; seq 2 4 | tr "\\n" " "; seq -s , 5 -2 1; seq -w 9 10', '1\n2\n3\n2 3 4 5,3,1\n09\n10\n'],
    ['echo x | tee t u; cat t u; echo y | tee -a t; cat t', 'x\nx\nx\ny\nx\ny\n'],
    ['seq 3 | tac; echo abc | rev', '3\n2\n1\ncba\n'],
  ],
  grep: [
    ['grep t b', 'two 2\nthree 3\n'],
    ['grep -n three b; grep -c t b; grep -v two b', '2:three 3\n2\nthree 3\n'],
    ['grep -i TWO b; grep -w tw b; echo $?', 'two 2\n1\n'],
    ['grep o a b', 'a:one 1\nb:two 2\n'],
    ['grep -h o a b; grep -l o a b; grep -L three a b', 'one 1\ntwo 2\na\nb\na\n'],
    ['grep -r four . ; grep -rn four', './d/c:four 4\n./d/c:1:four 4\n'],
    ['grep -E "^(one|two) [0-9]$" a b', 'a:one 1\nb:two 2\n'],
    ['echo "a+b" | grep "a+b"; echo aab | grep "a\\+b"; echo "a.b" | grep -F .', 'a+b\naab\na.b\n'],
    ['echo aXbXc | grep -o X; grep -q one a && echo found', 'X\nX\nfound\n'],
    ['grep x nothing', 'grep: nothing: No such file or directory\n', 2],
    ['seq 10 | grep -A 1 -B 1 5', '4\n5\n6\n'],
    ['seq 9 | grep -A 1 "[159]"', '1\n2\n--\n5\n6\n--\n9\n'],
    ['seq 9 | grep -B 1 -A 1 "[134]"; seq 9 | grep "[15]"', '1\n2\n3\n4\n5\n1\n5\n'],
    ['seq 9 | grep -m 1 -A 2 "[15]"; seq 9 | grep -c "[15]"', '1\n2\n3\n2\n'],
    ['seq 9 | grep -q 5 && seq 9 | grep -l 5', '(standard input)\n'],
    ['grep -e one -e two a b -h; grep -x "one 1" a', 'one 1\ntwo 2\none 1\n'],
    ['grep -E "(" a', 'grep: Invalid regular expression: /(?:()/g: Unterminated group; try grep --help\n', 2],
  ],
  'cp, mv, rm, mkdir': [
    ['cp a x; cat x; cp a b d; ls d', 'one 1\na\nb\nc\n'],
    ['cp d e', 'cp: d: is a directory (use -r)\n', 1],
    ['cp -r d e; cp -r d e; find e | sort', 'e\ne/c\ne/d\ne/d/c\n'],
    ['cp -r d d/sub', 'cp: d: cannot copy a directory into itself\n', 1],
    ['cp a a', "cp: a: 'a' and 'a' are the same file\n", 1],
    ['mv a x; ls; mv x d; ls d', 'b\nd\nx\nc\nx\n'],
    ['mv nothing x', 'mv: nothing: No such file or directory\n', 1],
    ['mv d e && cat e/c; mv e e/f', 'four 4\nmv: e: Invalid argument\n', 1],
    ['rm a; ls; rm a; rm -f a', 'b\nd\nrm: a: No such file or directory\n'],
    ['rm d', 'rm: d: Is a directory\n', 1],
    ['rm -rf d nothing; ls; rm -r .', "a\nb\nrm: .: refusing to remove '.' or '..'\n", 1],
    ['mkdir x; mkdir x', 'mkdir: x: File exists\n', 1],
    ['mkdir x/y', 'mkdir: x/y: No such file or directory\n', 1],
    ['mkdir -p x/y/z x/y; find x; rmdir x', 'x\nx/y\nx/y/z\nrmdir: x: Directory not empty\n', 1],
    ['mkdir -m 700 m; stat -c %A m; rmdir -p m', 'drwx------\n'],
    ['rm', 'rm: missing operand; try rm --help\n', 1],
  ],
  'links and attributes': [
    ['ln a x; stat -c %h a; echo more >> x; cat a', '2\none 1\nmore\n'],
    ['ln -s d l; ls l; readlink l; readlink -f l/c', 'c\nd\n/tmp/w/d/c\n'],
    ['ln -s /nothing l; cat l; test -L l && echo link', 'cat: l: No such file or directory\nlink\n'],
    ['chmod 640 a; stat -c %a a; chmod u+x,o=r a; stat -c %A a', '0640\n-rwxr--r--\n'],
    ['chown 5:6 a; stat -c "%u %g" a', '5 6\n'],
    ['touch -d @86400 a; stat -c %Y a; touch new; test -f new && echo made', '86400\nmade\n'],
    ['basename /a/b.c .c; dirname /a/b.c; basename /; dirname a', 'b\n/a\n/\n.\n'],
    ['du -a d; df / | head -n 1', '1\td/c\n1\td\nPath Size Used Free Use%\n'],
    ['find . -name c; find . -type f | sort', './d/c\n./.hidden\n./a\n./b\n./d/c\n'],
    ['find . -maxdepth 1 -name "[ab]"; find d -exec echo got {} \\;', './a\n./b\ngot d\ngot d/c\n'],
    ['stat -c "%n %s %F" a d', 'a 6 regular file\nd 19 directory\n'],
  ],
  system: [
    ['uname; uname -a', 'Redox\nRedox halfcell 0.5.12 halfcell x86_64 Redox\n'],
    ['true; echo $?; /usr/bin/false; echo $?', '0\n1\n'],
    ['env -i A=1 env; env -u HOME env | grep HOME', 'A=1\n', 1],
    ['env nosuch', 'env: nosuch: No such file or directory\n', 127],
    ['sleep 1.5 && echo ok; sleep x', "ok\nsleep: invalid time: 'x'; try sleep --help\n", 1],
    ['date -u +%F; date -d @0 "+%Y-%m-%d %H:%M:%S %a %j"', '2026-01-02\n1970-01-01 00:00:00 Thu 001\n'],
    ['id; whoami; hostname', 'uid=0(root) gid=0(root)\nroot\nhalfcell\n'],
    ['ps | grep -c init; ps -f | head -n 1 | tr -s " "', '1\nUSER PID PPID PGID STATUS COMMAND\n'],
    ['echo a b | xargs echo x; echo 1 2 3 | xargs -n 1 echo', 'x a b\n1\n2\n3\n'],
    ['printf "%s %d\\n" a 1 b 2; printf "%5.2f|%-5s|%05d\\n" 3.14159 ab 42', 'a 1\nb 2\n 3.14|ab   |00042\n'],
    ['kill -l | tr " " "\\n" | head -n 2; kill 9999', 'HUP\nINT\nsh: kill: 9999: No such process\n', 1],
    [
      'which ls nosuch; coreutils echo hi; ls --help | head -n 1',
      '/usr/bin/ls\nhi\nUsage: ls [-aAlh1dFiRrtSUn] [--color[=never]] [FILE]...\n',
    ],
    ['free | head -n 1 | tr -s " "; clear | wc -c', ' total used free\n7\n'],
    ['test 1 -eq 1 && [ -n x ] && echo yes; [ 1 -eq', "yes\nsh: [: missing ']'\n", 2],
  ],
};

const SETUP =
  'mkdir /tmp/w; cd /tmp/w; echo one 1 > a; printf "two 2\\nthree 3\\n" > b; mkdir d; echo four 4 > d/c; : > .hidden; ';

describe('the utilities', () => {
  it('are installed under the names that the manifest lists', () =>
    expect([...commandNames]).deep.equal(Object.keys(applets).sort()));

  for (const [group, lines] of Object.entries(cases))
    describe(group, () => {
      for (const [command, output, status = 0] of lines)
        it(JSON.stringify(command), () =>
          withSystem((os) => {
            expect(shell(os, SETUP + command)).deep.equal({ status, output });
          }),
        );
    });

  it('shutdown tells the kernel', () =>
    withSystem((os, system) => {
      expect(shell(os, 'shutdown')).deep.equal({ status: 0, output: '' });
      expect(system.machine.sys.stopped).equal('shutdown');
    }));
});
