import { runDaemon } from '../runtime/scheme/publish.js';
import { populate } from './populate.js';
import { RamFs } from './ramfs.js';
import type { CarriedService } from '../../../core/abi/scheme-protocol.js';
import type { Os } from '../runtime/os.js';
import type { CarriedFiles } from './ramfs.js';

/** `ramfs NAME [FD]`: serves scheme NAME; FD is a tar archive that becomes its first content. */
export function main(os: Os): number {
  const [, name, image] = os.argv;
  if (!name) {
    os.complain('usage: ramfs NAME [FD]');
    return 2;
  }
  const carried = os.carried as (CarriedService & { state: CarriedFiles }) | undefined;
  const { recovered } = os;
  if (recovered && !carried) return serve(RamFs.recovered(os, name, recovered));
  const files = new RamFs(os, name, carried?.state);
  if (image !== undefined && !carried) {
    populate(os, files, Number(image));
    os.files.close(Number(image));
  }
  if (!carried) files.checkpoint();
  return serve(files);

  function serve(served: RamFs): number {
    return runDaemon(os, name ?? '', served, served.vault.fds);
  }
}
