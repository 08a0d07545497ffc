import type { Location } from '../location.js';
import type { ProcProcess, ProcSource, ProcSystem } from './source.js';

// A kernel with one process, for the tests of /proc.

const bytes = (text: string): Uint8Array => Buffer.from(text);
const ids = { real: 1000, effective: 1000, saved: 1000, fileSystem: 1000 };

const system: ProcSystem = {
  memory: () => ({ totalBytes: 64 * 2 ** 20, freeBytes: 48 * 2 ** 20, cachedBytes: 2 ** 20 }),
  uptimeNs: () => 12_340_000_000,
  idleNs: () => 2_000_000_000,
  realtimeNs: () => 1_700_000_000_000_000_000n,
  cpu: () => ({
    vendor: 'GenuineIntel',
    model: 'Halfcell',
    family: 6,
    modelNumber: 15,
    stepping: 1,
    flags: ['fpu', 'sse2'],
    mhz: 1000,
  }),
  identity: { release: '6.1.0', version: '#1 test', hostname: () => 'bench' },
  counters: () => ({ contextSwitches: 5, interrupts: 6, forks: 7 }),
  tasks: () => ({ running: 1, total: 2, lastPid: 7 }),
  random: (into) => void into.fill(0x11),
};

const memory: ProcProcess['memory'] = {
  virtualBytes: 8192,
  residentBytes: 4096,
  peakBytes: 8192,
  dataBytes: 4096,
  stackBytes: 4096,
  codeBytes: 4096,
  startCode: 0x40_0000,
  endCode: 0x40_1000,
  startStack: 0x7fff_0000,
  startBrk: 0x50_0000,
  maps: () => [
    {
      start: 0x40_0000,
      end: 0x40_1000,
      read: true,
      write: false,
      execute: true,
      shared: false,
      offset: 0,
      dev: 0x801,
      ino: 42,
      name: '/bin/cat',
    },
  ],
};

export function sampleProcess(place: () => { executable: Location; cwd: Location }): ProcProcess {
  return {
    pid: 7,
    ppid: 1,
    pgid: 7,
    sid: 7,
    terminal: 0,
    foregroundPgid: -1,
    comm: 'cat (x',
    state: 'R',
    uid: ids,
    gid: ids,
    groups: [4, 1000],
    umask: 0o22,
    nice: 0,
    startNs: 1_000_000_000,
    userNs: 30_000_000,
    systemNs: 20_000_000,
    childUserNs: 0,
    childSystemNs: 0,
    faults: { minor: 3, major: 1 },
    signals: { pending: 0n, shared: 0n, blocked: 2n, ignored: 4n, caught: 8n },
    memory,
    commandLine: () => bytes('cat\0file\0'),
    environment: () => bytes('A=1\0'),
    auxiliary: () => new Uint8Array(16),
    get executable() {
      return place().executable;
    },
    get cwd() {
      return place().cwd;
    },
    descriptors: () => [{ fd: 3, location: place().executable, flags: 0o2, position: 9 }],
    threads: () => [
      { tid: 7, comm: 'cat', state: 'R', userNs: 0, systemNs: 0, signals: { pending: 0n, blocked: 2n } },
      { tid: 8, comm: 'helper', state: 'S', userNs: 0, systemNs: 0, signals: { pending: 0n, blocked: 0n } },
    ],
    limits: () => [{ name: 'Max open files', soft: 1024, hard: Infinity, unit: 'files' }],
  };
}

export function sampleSource(process: ProcProcess): ProcSource {
  return {
    currentPid: () => process.pid,
    currentTid: () => process.pid,
    pids: () => [process.pid],
    process: (pid) => (pid === process.pid ? process : undefined),
    system,
  };
}
