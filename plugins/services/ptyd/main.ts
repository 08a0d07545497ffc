import { messageOf } from '../runtime/posix-error.js';
import { notifyReady, publish } from '../runtime/scheme/publish.js';
import { Ptys } from './ptys.js';
import type { CarriedService } from '../../../core/abi/scheme-protocol.js';
import type { CarriedPtys } from './ptys.js';
import type { Os } from '../runtime/os.js';
import type { SchemeServer } from '../runtime/scheme/scheme-server.js';

export function main(os: Os): number {
  const world: { server?: SchemeServer } = {};
  const carried = os.carried as (CarriedService & { state: CarriedPtys }) | undefined;
  const effects = {
    signal: (group: number, number: number) => signal(os, group, number),
    postEvent: (handle: number, flags: number) => world.server?.postEvent(handle, flags),
  };
  const ptys = new Ptys(effects, carried?.state);
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
