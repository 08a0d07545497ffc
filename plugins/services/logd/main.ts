import { Open } from '../../../core/abi/flags.js';
import { INTERNAL_FD_BASE } from '../runtime/fd-table.js';
import { runDaemon } from '../runtime/scheme/publish.js';
import { Log } from './log.js';
import type { CarriedService } from '../../../core/abi/scheme-protocol.js';
import type { Os } from '../runtime/os.js';
import type { CarriedLog } from './log.js';

export function main(os: Os): number {
  const carried = os.carried as (CarriedService & { state: CarriedLog }) | undefined;
  const sinks = carried ? [] : [openConsole(os)];
  const log = new Log((fd, bytes) => os.files.write(fd, bytes), sinks, carried?.state);
  return runDaemon(os, 'log', log);
}

function openConsole(os: Os): number {
  const fd = os.files.open('/scheme/debug', Open.WRONLY);
  const kept = os.files.duplicate(fd, INTERNAL_FD_BASE);
  os.files.close(fd);
  return kept;
}
