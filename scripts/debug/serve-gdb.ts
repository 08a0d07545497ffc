import { reasonOf } from '../../core/errors/host-error.js';
import type { Machine } from '../../core/machine/machine.js';
import { startGdbStub } from '../../gdbstub/index.js';
import type { GdbStub } from '../../gdbstub/index.js';
import type { KernelService } from '../../plugins/kernel/index.js';
import type { GdbOptions } from '../cli/options.js';
import { createKernelTarget } from './kernel-target.js';
import type { ProgramView } from './kernel-target.js';

function report(error: unknown): void {
  process.stderr.write(`halfcell: the debug server: ${reasonOf(error)}\n`);
}

export interface GdbServer {
  readonly stub: GdbStub;
  close(): Promise<void>;
}

/** Listens for a debugger, and says where on standard error. @throws HostError GDB_PORT_TAKEN */
export async function serveGdb(
  machine: Machine,
  service: KernelService,
  { port, wait }: GdbOptions,
  programs?: ProgramView,
): Promise<GdbServer> {
  const { target, ended, close } = createKernelTarget(machine, service, programs);
  const stub = await startGdbStub({ target, port, report });
  const waiting = wait ? '; the machine waits for it' : '';
  process.stderr.write(`halfcell: gdb may attach: target remote :${stub.port}${waiting}\n`);
  void machine.finished.then(
    ({ status }) => ended(status),
    () => ended(1),
  );
  return {
    stub,
    close: async () => {
      await stub.close();
      await close();
    },
  };
}
