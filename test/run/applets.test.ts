import { expect } from 'chai';
import { createHash } from 'node:crypto';
import {
  cpSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { needsBusybox, onceTemporaryFolder } from './halfcell.js';
import { askGuest, askNative, folderOfQuestion } from './questions.js';
import type { Answer, Questions } from './questions.js';

/** What runs in a folder that holds `words`, `numbers`, `big`, `tree/` and `link`. */
const scripts: Questions = {
  ls: 'ls; ls -a tree; ls -R tree; ls -1S big words; ls -d */; ls -l words big | cut -c1-10; ls nothing',
  cat: 'cat words numbers | cat -n | tail -5; cat -A words | head -3; cat nothing; cat tree',
  cp: 'cp words copy; cp -r tree tree2; cp -a link copied; cp -p big tree; cp words nothing/x; cp tree x',
  mv: 'mv words w2; mv w2 tree/; mv tree moved; mv big numbers moved; mv nothing x',
  rm: 'rm words; rm -r tree; rm -f nothing; rm nothing; rm link; mkdir e; rm e; rmdir e',
  mkdir: 'mkdir a; mkdir a; mkdir -p b/c/d; mkdir -m 700 m; mkdir x/y; stat -c "%a %n" m a; rmdir -p b/c/d',
  links: 'ln words hard; ln -s words soft; readlink soft link; stat -c %h words; readlink -f link; ln -sf numbers soft; cat soft | head -1',
  grep: 'grep a words; grep -c e words; grep -rn "1" tree | sort; grep -v e words; grep -E "^(a|b).*e$" words; grep -o "[aeiou]" words | sort | uniq -c; grep zzz words',
  sed: "sed -n 2,3p words; sed 's/a/A/g;s/\\(.\\)e/e\\1/' words; sed -i 's/^/> /' words; sed '/b/,/d/d' words; sed = words | sed N",
  awk: `awk '{ s += $1; n[$1 % 3]++ } END { print s, s / NR; for (k = 0; k < 3; k++) print k, n[k] }' numbers; awk -F: 'BEGIN { OFS="-"; printf "%.3f %s\\n", 22 / 7, toupper("x") } length > 4 { print NR, $0 }' words; awk '{ a[NR] = $0 } END { while ((getline l < "numbers") > 0) c++; print c, a[2], substr(a[3], 2, 3), index(a[1], "p") }' words`,
  sort: 'sort words; sort -r words; sort -n numbers | head -3; sort -k1.2 words; sort -u words words | wc -l; sort -R /dev/null',
  wc: 'wc words numbers big; wc -l < numbers; wc -c big; wc -L words',
  find: 'find . | sort; find tree -type f -name "*1*" | sort; find . -type l; find . -size +100k; find tree -type f -exec wc -c {} + | sort; find . -maxdepth 1 -newer nothing',
  checksums: 'sha256sum words big; md5sum numbers; sha512sum words; cksum big; sha256sum big > s; sha256sum -c s; crc32 words',
  gzip: 'gzip big; ls; gunzip -t big.gz; zcat big.gz | sha256sum; gunzip big.gz; gzip -c words | zcat; bzip2 -k numbers 2>/dev/null; bzcat numbers.bz2 | head -1; gunzip words',
  tar: 'tar cf t.tar tree words link; tar tf t.tar | sort; mkdir out; tar xf t.tar -C out; find out | sort; cat out/words | head -1; tar czf t.tgz tree; tar xzOf t.tgz | sha256sum; tar xf words',
  dd: 'dd if=big of=part bs=1000 count=7 skip=3 2>/dev/null; sha256sum part; dd if=words of=part bs=1 seek=10 conv=notrunc 2>/dev/null; sha256sum part; truncate -s 100 part; wc -c part',
  'text tools': 'head -2 words; tail -n +8 words; cut -c2-4 words; tr a-z A-Z < words; rev words; uniq -c words; paste words numbers | head -3; comm words words | head -1; fold -w 3 words | head -4; nl words | tail -1; tac words; od -c words | head -2; xxd words | head -1; diff words numbers | head -3; cmp words numbers; expand words | head -1; split -l 4 words p; ls',
  modes: 'chmod 600 words; chmod u+x,g=r words; stat -c "%a %s %F" words tree; touch -d "2020-01-02 03:04:05" words; stat -c %Y words; chown 0:0 words; umask 077; touch t; stat -c %a t',
  xargs: 'ls | xargs -n 2 echo; find . -type f | sort | xargs -n1 basename; seq 5 | xargs -I% echo "<%>"; printf "a\\0b c\\0" | xargs -0 -n1 echo; echo x | xargs false',
  vi: 'printf "iinserted\\033:2d\\n:s/e/E/\\nGoend\\033:wq\\n" | vi words > /dev/null 2>&1; cat words',
}; // prettier-ignore

const WORDS = 'apple\nbanana\ncherry\ndate\nelder\nfig\ngrape\nhazel\niris\n';

function fill(folder: string): void {
  const numbers = Array.from({ length: 200 }, (_, at) => (at * 7919) % 1000);
  const big = Buffer.from(Array.from({ length: 300_000 }, (_, at) => (at * at * 31 + (at >> 3)) & 0xff));
  mkdirSync(join(folder, 'tree/inner'), { recursive: true });
  for (const [name, content] of Object.entries({
    words: WORDS,
    numbers: `${numbers.join('\n')}\n`,
    big,
    'tree/one1': '1\n',
    'tree/inner/two': '2 1\n',
  })) {
    writeFileSync(join(folder, name), content);
  }
  symlinkSync('tree/one1', join(folder, 'link'));
}

/** Names, kinds, modes and content of all that lies in a folder. */
function contentOf(folder: string): string[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .sort()
    .map((name) => {
      const path = join(folder, name);
      const stat = lstatSync(path);
      const content = stat.isSymbolicLink() ? readlinkSync(path) : stat.isFile() ? digest(path) : '';
      return `${(stat.mode & 0o177777).toString(8)} ${name} ${content}`;
    });
}

// Archives and compressed files carry times.
const digest = (path: string): string =>
  /\.(tar|tgz|gz|bz2)$/.test(path)
    ? 'archive'
    : createHash('sha256').update(readFileSync(path)).digest('hex').slice(0, 16);

describe('applets in halfcell run do to a folder of the host what they do natively (needs a static busybox)', function () {
  this.timeout(60_000);
  before(needsBusybox);
  const folder = onceTemporaryFolder();
  let native: ReadonlyMap<string, Answer>;
  let guest: ReadonlyMap<string, Answer>;
  const mine = () => join(folder.path, 'guest');
  const theirs = () => join(folder.path, 'native');

  before(async () => {
    for (const name of Object.keys(scripts)) fill(join(mine(), folderOfQuestion(scripts, name)));
    cpSync(mine(), theirs(), { recursive: true, verbatimSymlinks: true });
    native = await askNative(scripts, theirs());
    guest = await askGuest(scripts, ['--mount', `${mine()}:${theirs()}`, '--cwd', theirs()]);
  });

  for (const name of Object.keys(scripts)) {
    it(name, () => {
      expect(guest.get(name)).to.deep.equal(native.get(name));
      const [left, expected] = [mine(), theirs()].map((path) =>
        contentOf(join(path, folderOfQuestion(scripts, name))),
      );
      expect(left).to.deep.equal(expected);
    });
  }
});
