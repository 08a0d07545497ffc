import { Errno } from '../../../../core/abi/errno.js';
import { DeviceHandle } from './device-handle.js';
import type { DeviceBehaviour } from './device-handle.js';
import { makeDevice } from './device-numbers.js';
import { fail } from './failure.js';
import { FileType } from './flags.js';
import { Tmpfs } from './tmpfs/tmpfs.js';
import type { DeviceTable } from './tmpfs/tmpfs.js';
import type { Node, Openable } from './types.js';

export interface DeviceSource {
  /** Fills with unpredictable bytes (or, in deterministic mode, with the machine's own sequence). */
  random(into: Uint8Array): void;
  /** The caller's controlling terminal (/dev/tty), the console, and what else the kernel adds; undefined: ENXIO. */
  terminal(rdev: number, flags: number): Openable | undefined;
  readonly nowNs: () => bigint;
  readonly dev?: number;
}

/** Numbers of Documentation/admin-guide/devices.txt. */
const Device = {
  NULL: makeDevice(1, 3),
  ZERO: makeDevice(1, 5),
  FULL: makeDevice(1, 7),
  RANDOM: makeDevice(1, 8),
  URANDOM: makeDevice(1, 9),
  TTY: makeDevice(5, 0),
  CONSOLE: makeDevice(5, 1),
} as const;

const nodes: Readonly<Record<string, number>> = {
  null: Device.NULL,
  zero: Device.ZERO,
  full: Device.FULL,
  random: Device.RANDOM,
  urandom: Device.URANDOM,
  tty: Device.TTY,
};

const links: Readonly<Record<string, string>> = {
  fd: '/proc/self/fd',
  stdin: '/proc/self/fd/0',
  stdout: '/proc/self/fd/1',
  stderr: '/proc/self/fd/2',
};

const zeroes = (into: Uint8Array): number => {
  into.fill(0);
  return into.length;
};

function behaviours(source: DeviceSource): Map<number, DeviceBehaviour> {
  const random = (into: Uint8Array): number => {
    source.random(into);
    return into.length;
  };
  return new Map<number, DeviceBehaviour>([
    [Device.NULL, {}],
    [Device.ZERO, { read: zeroes }],
    [Device.FULL, { read: zeroes, write: () => fail(Errno.ENOSPC) }],
    [Device.RANDOM, { read: random }],
    [Device.URANDOM, { read: random }],
  ]);
}

function deviceTable(source: DeviceSource): DeviceTable {
  const table = behaviours(source);
  return (rdev: number, flags: number, node: Node) => {
    const behaviour = table.get(rdev);
    return behaviour ? new DeviceHandle(node, behaviour) : source.terminal(rdev, flags);
  };
}

/** /dev: a tmpfs with the usual nodes, and /dev/shm as a directory for everybody. */
export function createDevfs(source: DeviceSource): Tmpfs {
  const { nowNs, dev = 0 } = source;
  const fileSystem = new Tmpfs({
    name: 'devtmpfs',
    dev,
    devices: deviceTable(source),
    nowNs,
  });
  const owner = { uid: 0, gid: 0 };
  const { root } = fileSystem;
  for (const [name, rdev] of Object.entries(nodes))
    root.mknod(name, { ...owner, mode: FileType.CHARACTER | 0o666 }, rdev);
  for (const [name, target] of Object.entries(links)) root.symlink(name, target, { ...owner, mode: 0o777 });
  root.mkdir('shm', { ...owner, mode: 0o1777 });
  return fileSystem;
}
