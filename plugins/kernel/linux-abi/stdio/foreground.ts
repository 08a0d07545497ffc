import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';

const PGRP = 2;
const TPGID = 5;

/** Whether this process may use its terminal: its group is the one in the terminal's foreground. */
export function inForeground(): boolean {
  return process.platform === 'linux' ? byProc() : byPs();
}

function byProc(): boolean {
  const stat = readFileSync('/proc/self/stat', 'latin1');
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return fields[PGRP] === fields[TPGID];
}

function byPs(): boolean {
  const { status, stdout } = spawnSync('ps', ['-o', 'pgid=,tpgid=', '-p', String(process.pid)], {
    encoding: 'utf8',
  });
  const [pgid, tpgid] = stdout.trim().split(/\s+/);
  return status !== 0 || pgid === tpgid;
}
