import { Errno } from '../../../../core/abi/errno.js';
import { CREATE_SCHEME } from '../../../../core/abi/kernel-schemes.js';
import { INTERNAL_FD_BASE } from '../fd-table.js';
import { PosixError } from '../posix-error.js';
import { encodeUtf8 } from '../utf8.js';
import { SchemeServer } from './scheme-server.js';
import type { CarriedService } from '../../../../core/abi/scheme-protocol.js';
import type { Os } from '../os.js';
import type { Scheme } from './scheme.js';

/**
 * What init hands a daemon, as numbers of descriptors in its environment: the right to create schemes, register handles as
 * `name:fd,name:fd`, and the pipe on which one byte says that the daemon is ready.
 */
export const DaemonEnv = {
  creation: 'SCHEME_CREATION',
  register: 'SCHEME_REGISTER',
  notify: 'INIT_NOTIFY',
} as const;

/** Makes a scheme of `scheme`, with handle `rootId` as its root, and registers it under `name`. A successor takes over. */
export function publish(os: Os, name: string, scheme: Scheme, rootId = 0): SchemeServer {
  const known = (os.carried as CarriedService | undefined) ?? os.recovered;
  if (known) return new SchemeServer(os, scheme, known.socket);
  const server = new SchemeServer(os, scheme, createSocket(os));
  const root = server.descriptorOf(rootId);
  os.calls.sendFds(registerHandle(os, name), [root], [], true);
  os.files.close(root);
  return server;
}

function createSocket(os: Os): number {
  const right = fdFrom(os, DaemonEnv.creation, os.env[DaemonEnv.creation]);
  return os.files.subObject(right, CREATE_SCHEME, INTERNAL_FD_BASE);
}

function registerHandle(os: Os, name: string): number {
  const entries = (os.env[DaemonEnv.register] ?? '').split(',').map((entry) => entry.split(':'));
  return fdFrom(os, `${DaemonEnv.register} ${name}`, entries.find(([known]) => known === name)?.[1]);
}

function fdFrom(os: Os, what: string, text: string | undefined): number {
  if (text !== undefined && /^\d+$/.test(text)) return Number(text);
  os.complain(`${what} is not set: daemons are started by init`);
  throw new PosixError(Errno.EPERM, 'publish');
}

/** Tells init that the daemon serves now. */
export function notifyReady(os: Os): void {
  const fd = os.env[DaemonEnv.notify];
  if (fd === undefined || os.carried !== undefined || os.recovered) return;
  os.files.write(Number(fd), encodeUtf8('\n'));
  os.files.close(Number(fd));
}

/**
 * The whole life of a daemon with one scheme. With a `vault` it survives its own death: descriptors, socket and memory objects
 * are there for the next one, and what its clients have open goes on.
 */
export function runDaemon(os: Os, name: string, scheme: Scheme, vault?: readonly number[]): number {
  const server = publish(os, name, scheme);
  if (vault && !os.carried && !os.recovered) os.processes.keep({ socket: server.socket, vault });
  notifyReady(os);
  os.serve(server);
  return 0;
}
