import { expect } from 'chai';
import { needsBusybox, onceTemporaryFolder } from './halfcell.js';
import { askGuest, askNative } from './questions.js';
import type { Answer, Questions } from './questions.js';

/** Each runs in an empty folder. */
const scripts: Questions = {
  pipes: 'seq 1 20 | grep 1 | sort -rn | head -4 | tr "\\n" " "; echo $?',
  'a long pipe': 'seq 1 50000 | cat | cat | cat | wc -c',
  'the status of a pipe': 'false | true; echo $?; true | false; echo $?; ! true; echo $?',
  'background jobs': 'sleep 0.05 & sleep 0.02 & wait; echo $?; (exit 7) & wait $!; echo $?; jobs',
  // Whether the shell says "Terminated" depends on whether it waits already when the job dies.
  'a job that is killed': '{ sleep 10 & kill $!; wait $!; echo $?; } 2> /dev/null',
  'a job that is stopped': 'sleep 10 & kill -STOP $!; sleep 0.02; kill -CONT $!; kill $!; echo here',
  traps:
    'trap "echo usr" USR1; trap "echo bye" EXIT; kill -USR1 $$; echo after; (trap "echo sub" EXIT; exit 2); echo $?',
  'a trap while a child runs':
    'trap "echo term; exit 5" TERM; (sleep 0.05; kill -TERM $$) & while :; do sleep 0.02; done',
  globbing: 'mkdir d; touch a.c b.c d/x.c ".h"; echo *.c d/* .h [ab].? "*" nothing*',
  'here-documents':
    'x=7; cat <<A; cat <<"B"\nx is $x and $((x * 6))\nA\nno $x here\nB\ncat <<-C\n\tindented\n\tC',
  functions: 'f() { local v=$1; [ $v -le 1 ] && echo 1 && return; echo $((v * $(f $((v - 1))))); }; f 10',
  loops:
    'for i in 1 2 3; do for j in a b; do [ $j$i = b2 ] && continue 2; echo $i$j; done; done; while read x; do echo "<$x>"; done < /proc/self/comm',
  'variables and quotes': `a="x  y"; set -- $a "$a" '$a'; echo $# "$3"; b=abc.tar.gz; echo \${b%.*} \${b##*.} \${#b} \${c:-unset} \${b:1:2}`,
  redirections:
    'echo one > f; echo two >> f; cat < f; ls nothing 2> err || wc -l < err; echo both > f 2>&1; exec 5< f; read x <&5; echo $x; { echo a; echo b; } | cat -n',
  subshells: 'cd /tmp; (cd /; pwd); pwd; x=1; (x=2; echo $x); echo $x; echo $(echo a; echo b) `echo c`',
  case: 'for w in apple bean 42; do case $w in a*) echo fruit;; [0-9]*) echo number;; *) echo else;; esac; done',
  arithmetic:
    'echo $((2 ** 10)) $((0x1f | 64)) $((-7 / 2)) $((7 % -3)) $((1 ? 2 : 3)) $((9223372036854775807 + 1))',
  'reading lines': 'printf "a b c\\nd\\\\ e\\n" | { read x y; echo "$x|$y"; read -r z; echo "$z"; }',
  'exec takes the place of the shell': 'exec echo replaced; echo never',
  'a command that is not there': 'nonsense 2> /dev/null; echo $?; ./f 2> /dev/null; echo $?',
  'what is not executable':
    'echo "echo ran" > s; ./s 2> /dev/null; echo $?; chmod +x s; ./s; echo "#!/bin/busybox sed p" > t; chmod +x t; ls t',
  'signals as statuses':
    'for s in HUP INT QUIT KILL SEGV TERM; do sh -c "kill -$s \\$\\$"; echo $?; done 2> /dev/null',
  'fork after fork': 'i=0; while [ $i -lt 100 ]; do (exit 0); i=$((i + 1)); done; echo $i',
  'a fifo': 'mkfifo p; (echo through > p) & cat p; wait',
  'set -e': '(set -e; false; echo never); echo $?; (set -u; echo $unset) 2> /dev/null; echo $?',
  'parts of a day':
    'TZ=UTC date -d @86400 +%F-%T; TZ=UTC date -d "2024-02-29 12:00" +%s; test $(date +%s) -gt 1600000000; echo $?',
  printf: 'printf "%5d|%-5s|%05.1f|%x|%o|%c|%b\\n" 42 ab 3.14159 255 8 z "t\\tb"',
};

describe('busybox sh in halfcell run does what it does on the host (needs a static busybox)', function () {
  this.timeout(60_000);
  before(needsBusybox);
  const folder = onceTemporaryFolder();
  let native: ReadonlyMap<string, Answer>;
  let guest: ReadonlyMap<string, Answer>;

  // The applets are the shell's own, so a PATH without anything else is the same for both.
  before(async () => {
    native = await askNative(scripts, folder.path);
    guest = await askGuest(scripts, ['--cwd', '/tmp']);
  });

  for (const name of Object.keys(scripts)) {
    it(name, () => expect(guest.get(name)).to.deep.equal(native.get(name)));
  }
});
