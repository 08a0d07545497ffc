import type { FSWatcher } from 'chokidar';
import type { HostError } from '../errors/host-error.js';
import type { Dispose } from '../lifecycle/scope.js';

export interface Reload {
  /** Compiles and swaps; answers the files to watch from now on. */
  reload(): Promise<readonly string[]>;
  /** A reload failed; what ran before still runs. */
  onFailure(error: HostError): void;
}

/** An editor writes a file in several steps; changes this close together are one. */
const SETTLE_MS = 50;

/** Reloads whenever one of `files` is saved, one reload at a time. */
export async function watchFiles(files: readonly string[], { reload, onFailure }: Reload): Promise<Dispose> {
  const { watch } = await import('chokidar');
  const awaitWriteFinish = { stabilityThreshold: SETTLE_MS, pollInterval: SETTLE_MS / 5 };
  const watcher = watch([...files], { ignoreInitial: true, awaitWriteFinish });
  await new Promise<void>((resolve) => watcher.once('ready', resolve));
  let running = Promise.resolve();
  watcher.on('all', () => {
    running = running
      .then(() => reloadOnce(watcher, reload))
      .catch((failure: HostError) => onFailure(failure));
  });
  return () => watcher.close();
}

async function reloadOnce(watcher: FSWatcher, reload: Reload['reload']): Promise<void> {
  if (watcher.closed) return;
  const files = await reload();
  // Closed meanwhile: adding would open it again and keep the process alive.
  if (!watcher.closed) watcher.add([...files]);
}
