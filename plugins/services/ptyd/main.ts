import { messageOf } from '../runtime/posix-error.js';
import { notifyReady, publish } from '../runtime/scheme/publish.js';
import { Ptys } from './ptys.js';
import type { Os } from '../runtime/os.js';
import type { SchemeServer } from '../runtime/scheme/scheme-server.js';

export function main(os: Os): number {
  const world: { server?: SchemeServer } = {};
  const ptys = new Ptys({
    signal: (group, number) => signal(os, group, number),
    postEvent: (handle, flags) => world.server?.postEvent(handle, flags),
  });
  world.server = publish(os, 'pty', ptys, 0);
  notifyReady(os);
  os.serve(world.server);
  return 0;
}

/** A group that has ended meanwhile is no failure of the terminal. */
function signal(os: Os, group: number, number: number): void {
  try {
    os.processes.kill(-group, number);
  } catch (error) {
    if (!(error instanceof Error) || error.name !== 'ESRCH') os.complain(messageOf(error));
  }
}
