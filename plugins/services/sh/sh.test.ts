import { expect } from 'chai';
import { shell, withSystem } from '../runtime/testing/boot.js';

/** Command lines and what they print. */
const cases: Readonly<
  Record<string, readonly (readonly [command: string, output: string, status?: number])[]>
> = {
  'words and quotes': [
    ['echo a  b   c', 'a b c\n'],
    [`echo 'a  b' "c  d" e\\ \\ f`, 'a  b c  d e  f\n'],
    [`echo "a'b" 'c"d' ""x''`, `a'b c"d x\n`],
    ['echo "two\nlines"', 'two\nlines\n'],
    ['echo a\\\nb', 'ab\n'],
    ['echo a # comment', 'a\n'],
    ["echo 'it'\\''s'", "it's\n"],
  ],
  parameters: [
    ['x=5; echo $x ${x} "$x"y ${x}z', '5 5 5y 5z\n'],
    ['x="a  b"; echo $x; echo "$x"', 'a b\na  b\n'],
    ['echo ${n:-none} ${n-none} ${x:=set} $x ${x:+yes}', 'none none set set yes\n'],
    [
      'p=/a/b/c.tar.gz; echo ${p##*/} ${p#*/} ${p%.*} ${p%%.*} ${#p}',
      'c.tar.gz a/b/c.tar.gz /a/b/c.tar /a/b/c 13\n',
    ],
    ['echo "${n:-a b}" ${n:-c   d}', 'a b c d\n'],
    ['echo ${n:?is needed}; echo not reached', 'sh: n: is needed\nnot reached\n'],
    ['set -- a "b c" d; echo $#; for i in "$@"; do echo "<$i>"; done', '3\n<a>\n<b c>\n<d>\n'],
    ['set -- a b; shift; echo $1 $#; echo "$*"', 'b 1\nb\n'],
    ['IFS=:; x=a:b::c; for i in $x; do echo "[$i]"; done', '[a]\n[b]\n[]\n[c]\n'],
    ['HOME=/home/x; echo ~ ~/y "~"', '/home/x /home/x/y ~\n'],
  ],
  'redirections that stay': [
    [
      'exec 5> /tmp/x; echo a >&5; echo b >&5; exec 5>&-; echo c >&5; cat /tmp/x',
      'sh: 5: bad file descriptor\na\nb\n',
    ],
    ['echo in > /tmp/y; exec 3< /tmp/y; cat <&3', 'in\n'],
    ['exec > /tmp/z; echo hidden; exec >&2; cat /tmp/z', 'hidden\n'],
  ],
  status: [
    ['true; echo $?; false; echo $?', '0\n1\n'],
    ['exit 3', '', 3],
    ['nosuchcommand', 'sh: nosuchcommand: command not found\n', 127],
    ['/tmp', 'sh: /tmp: Is a directory\n', 126],
    ['! true; echo $?', '1\n'],
    ['false || echo no; true && echo yes; false && echo never', 'no\nyes\n', 1],
    ['sh -c "exit 7"; echo $?', '7\n'],
    ['set -e; false; echo never', '', 1],
    ['set -e; if false; then :; fi; false || true; echo here', 'here\n'],
    ['set -u; echo $nothing; echo after', 'sh: nothing: parameter not set\nafter\n'],
    ['set -u; echo ${#nothing} a', 'sh: nothing: parameter not set\n', 2],
    ['set -u; echo ${nothing%a} a', 'sh: nothing: parameter not set\n', 2],
    ['set -- a bc; echo ${#@} ${#*} ${#2}', '2 2 2\n'],
    ['set --; echo ${1:=a}', 'sh: 1: cannot be assigned to\n', 2],
    ['x=; echo ${x-a} ${x:-b} ${x+c} ${x:+d} ${y=e} ${x:=f} $y$x', 'b c e f ef\n'],
  ],
  'command substitution and arithmetic': [
    ['echo $(echo hello) `echo world`', 'hello world\n'],
    ['echo "$(printf "a\\n\\n")b"', 'ab\n'],
    ['x=$(ls /usr/lib/init.d | head -n 1); echo $x', '00_base\n'],
    ['echo $(echo $(echo deep))', 'deep\n'],
    ['echo $((1 + 2 * 3)) $(( (1+2)*3 )) $((7/2)) $((7%3)) $((1<<4)) $((5>3 && 2>3))', '7 9 3 1 16 0\n'],
    ['i=1; i=$((i+1)); echo $i $((i > 1 ? 5 : 6))', '2 5\n'],
    ['x=3; echo $((x *= 2)) $x', '6 6\n'],
    ['echo $((1/0)); echo after', 'sh: division by zero\nafter\n'],
    ['x=$(exit 4); echo $?', '4\n'],
    ['x=1; y=$(x=2; echo $x); echo $x $y', '1 2\n'],
  ],
  pipelines: [
    ['printf "c\\na\\nb\\n" | sort | head -n 2', 'a\nb\n'],
    ['echo x | cat | cat | wc -c', '2\n'],
    ['false | true; echo $?', '0\n'],
    ['printf "1\\n2\\n" | while read n; do echo "n=$n"; done', 'n=1\nn=2\n'],
    ['x=outer; echo y | { read x; echo $x; }; echo $x', 'y\nouter\n'],
    ['(echo a; echo b) | tac', 'b\na\n'],
    ['seq 5 | grep -v 3 | tr "\\n" ,', '1,2,4,5,'],
  ],
  redirections: [
    ['echo one > /tmp/r; echo two >> /tmp/r; cat < /tmp/r', 'one\ntwo\n'],
    ['ls /nothing 2> /tmp/e; cat /tmp/e', "ls: cannot access '/nothing': No such file or directory\n"],
    ['ls /nothing > /tmp/e 2>&1; wc -l < /tmp/e', '1\n'],
    ['echo err >&2', 'err\n'],
    ['{ echo a; echo b; } > /tmp/g; wc -l < /tmp/g', '2\n'],
    ['cat <<END\nx=$((1+1))\n  $HOME\nEND', 'x=2\n  /root\n'],
    ["cat <<'END'\n$HOME\nEND", '$HOME\n'],
    ['cat <<-END\n\ttab\n\tEND\necho after', 'tab\nafter\n'],
    ['cat < /nothing; echo $?', 'sh: /nothing: No such file or directory\n1\n'],
    ['echo gone > /dev/null; echo kept', 'kept\n'],
    ['for i in 1 2; do echo $i; done > /tmp/l; cat /tmp/l', '1\n2\n'],
  ],
  'control flow': [
    ['if true; then echo yes; else echo no; fi', 'yes\n'],
    ['if false; then echo 1; elif true; then echo 2; fi', '2\n'],
    ['for i in a b c; do echo -n $i; done; echo', 'abc\n'],
    ['i=0; while [ $i -lt 3 ]; do i=$((i+1)); done; echo $i', '3\n'],
    ['i=3; until [ $i = 0 ]; do i=$((i-1)); echo -n $i; done; echo', '210\n'],
    ['for i in 1 2 3 4; do [ $i = 2 ] && continue; [ $i = 4 ] && break; echo $i; done', '1\n3\n'],
    ['for i in 1 2; do for j in a b; do break 2; done; echo never; done; echo end', 'end\n'],
    ['case hello in h*o) echo match;; *) echo no;; esac', 'match\n'],
    ['case x in a|x) echo two;; esac; case "*" in "*") echo star;; esac', 'two\nstar\n'],
    ['f() { echo "$1-$#"; return 5; }; f a b; echo $?', 'a-2\n5\n'],
    ['f() { local x=1; x=2; }; x=0; f; echo $x', '0\n'],
    [
      'fact() { if [ $1 -le 1 ]; then echo 1; else echo $(( $1 * $(fact $(($1 - 1))) )); fi; }; fact 5',
      '120\n',
    ],
    ['(x=2; cd /tmp); echo ${x:-unset} $PWD', 'unset /\n'],
    ['if', 'sh: syntax error: unexpected end of file\n', 2],
    ['echo )', "sh: syntax error near unexpected token ')'\n", 2],
    ["eval 'x=1; echo $x'", '1\n'],
    ['trap "echo bye" EXIT; echo hi', 'hi\nbye\n'],
  ],
  'file names': [
    ['cd /usr/lib; echo init.d/*', 'init.d/00_base init.d/90_console\n'],
    ['cd /tmp; touch a1 a2 b1 .h; echo a? [ab]1 *2 .h*', 'a1 a2 a1 b1 a2 .h\n'],
    ['cd /tmp; touch "x y"; for f in x*; do echo "<$f>"; done; echo "x*" x\\*', '<x y>\nx* x*\n'],
    ['echo /nothing/*', '/nothing/*\n'],
    ['echo /usr/*/init.d/*_base', '/usr/lib/init.d/00_base\n'],
  ],
  builtins: [
    ['cd /usr/lib; pwd; cd ..; pwd; cd -', '/usr/lib\n/usr\n/usr/lib\n'],
    ['cd /nothing', 'sh: cd: /nothing: No such file or directory\n', 1],
    ['export A=1; env | grep ^A=', 'A=1\n'],
    ['A=2 env | grep ^A=; echo ${A:-none}', 'A=2\nnone\n'],
    ['A=1; unset A; echo ${A-gone}', 'gone\n'],
    ['readonly R=1; R=2; echo $R', 'sh: R: is read only\n1\n'],
    ['echo a b | read x y; echo $x', '\n'],
    ['read a b <<E\none two three\nE\necho "$a|$b"', 'one|two three\n'],
    ['type cd; command -v ls; type nothing', 'cd is a shell builtin\n/usr/bin/ls\nnothing: not found\n', 1],
    ['printf "%s=%d|%05.1f|%x|%-4s|\\n" a 5 3.14159 255 ab', 'a=5|003.1|ff|ab  |\n'],
    ['printf "%s\\n" a b c', 'a\nb\nc\n'],
    ['echo -n x; echo -e "a\\tb"; echo -- -z', 'xa\tb\n-- -z\n'],
    ['test -d /usr && test -f /etc/passwd && [ ! -e /nothing ] && echo ok', 'ok\n'],
    ['[ 3 -gt 2 -a abc != abd ] && echo ok; [ "" ] || echo empty', 'ok\nempty\n'],
    ['sleep 1 & wait; echo done', 'done\n'],
    ['sleep 0 & echo $! | wc -l; wait $!; echo $?', '1\n0\n'],
    ['cat & wait; echo read', 'read\n'],
    ['sh -c "cat; echo b" & wait', 'b\n'],
    ['sh -c "true; echo $?" <&-', '0\n'],
    ['umask 077; touch /tmp/u; stat -c %a /tmp/u', '0600\n'],
    ['. /etc/profile; pwd', '/root\n'],
  ],
};

describe('sh', () => {
  for (const [group, lines] of Object.entries(cases))
    describe(group, () => {
      for (const [command, output, status = 0] of lines)
        it(JSON.stringify(command), () =>
          withSystem((os) => {
            expect(shell(os, command)).deep.equal({ status, output });
          }),
        );
    });

  it('runs a script with its arguments, also one that names sh', () =>
    withSystem((os) => {
      os.files.writeFile('/tmp/s', '#!/usr/bin/sh\necho "$0 $1 $#"\nexit 4\n');
      os.files.chmod('/tmp/s', 0o755);
      expect(shell(os, '/tmp/s a b')).deep.equal({ status: 4, output: '/tmp/s a 2\n' });
      os.files.writeFile('/tmp/t', 'echo plain $1\n');
      os.files.chmod('/tmp/t', 0o755);
      expect(shell(os, '/tmp/t x; sh /tmp/t y').output).equal('plain x\nplain y\n');
      expect(shell(os, 'chmod -x /tmp/t; /tmp/t').status).equal(126);
    }));
});
