import { reasonOf } from '../../core/errors/host-error.js';
import type { Machine } from '../../core/machine/machine.js';
import { startGdbStub } from '../../gdbstub/index.js';
import type { GdbStub, Stop } from '../../gdbstub/index.js';
import type { KernelService } from '../../plugins/kernel/index.js';
import type { GdbOptions } from '../cli/options.js';
import { createKernelTarget } from './kernel-target.js';
import type { TargetExtras } from './kernel-target.js';

/** Somebody outside switches the machine off. */
const SIGTERM = 15;

function report(error: unknown): void {
  process.stderr.write(`halfcell: the debug server: ${reasonOf(error)}\n`);
}

export interface GdbServer {
  readonly stub: GdbStub;
  /** Tells a debugger how the program has ended, where that says more than the machine's own end. */
  ended(stop: Stop): void;
  close(): Promise<void>;
}

/** Listens for a debugger, and says where on standard error. @throws HostError GDB_PORT_TAKEN */
export async function serveGdb(
  machine: Machine,
  service: KernelService,
  { port, wait }: GdbOptions,
  extras?: TargetExtras,
): Promise<GdbServer> {
  const { target, ended, close } = createKernelTarget(machine, service, extras);
  const stub = await startGdbStub({ target, port, report });
  const waiting = wait ? '; the machine waits for it' : '';
  process.stderr.write(`halfcell: gdb may attach: target remote :${stub.port}${waiting}\n`);
  void machine.finished.then(
    ({ status }) => ended({ kind: 'exited', status }),
    () => ended({ kind: 'exited', status: 1 }),
  );
  return {
    stub,
    ended,
    close: async () => {
      ended({ kind: 'killed', signal: SIGTERM });
      await stub.close();
      await close();
    },
  };
}
