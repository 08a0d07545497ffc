import { chmod, chown, df, du, ln, readlink, realpath, stat, touch } from './attributes.js';
import { cat } from './cat.js';
import { cp, mv, rm } from './copy-move.js';
import { mkdir, rmdir } from './directories.js';
import { echo } from './echo.js';
import { find } from './find.js';
import { grep } from './grep.js';
import { head, tail } from './head-tail.js';
import { kill } from './kill.js';
import { ls } from './ls.js';
import { printf } from './printf.js';
import { sort } from './sort.js';
import * as system from './system.js';
import { test } from './test.js';
import { cut, nl, rev, seq, tac, tee, tr, uniq, yes } from './text.js';
import { wc } from './wc.js';
import type { Applet } from './applet.js';

const { runProgram: _, nothing, ...systemApplets } = system;

/** Every utility by its name. */
export const applets: Readonly<Record<string, Applet>> = {
  cat,
  chmod,
  chown,
  cp,
  cut,
  df,
  du,
  echo,
  false: nothing(1, 'Does nothing, without success.'),
  find,
  grep,
  head,
  kill,
  ln,
  ls,
  mkdir,
  mv,
  nl,
  printf,
  readlink,
  realpath,
  rev,
  rm,
  rmdir,
  seq,
  sort,
  stat,
  tac,
  tail,
  tee,
  test,
  '[': test,
  touch,
  tr,
  true: nothing(0, 'Does nothing, with success.'),
  uniq,
  wc,
  yes,
  ...systemApplets,
};
