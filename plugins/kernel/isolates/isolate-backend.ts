import { setTimeout as sleep } from 'node:timers/promises';
import { HostError } from '../../../core/errors/host-error.js';
import { CodeCache } from './code-cache.js';
import { IsolateProcess } from './isolate-process.js';
import { loadIsolatedVm } from './package.js';
import type { IsolateStart } from './isolate-process.js';
import type { IsolatedVm, PackageLoader } from './package.js';

export interface IsolateBackendOptions {
  readonly loadPackage?: PackageLoader;
}

export interface Shutdown {
  /** An isolate that V8 lost keeps a thread that nothing ends: after flushing, this process can only kill itself. */
  readonly mustSigkill: boolean;
}

const SHUTDOWN_PATIENCE_MS = 2000;
// An isolate's thread outlives its run() by a moment, and exiting under it can crash Node.
const THREADS_END_MS = 30;

/** Throws `ISOLATES_MISSING` where no isolated-vm fits this engine. */
export async function createIsolateBackend(options: IsolateBackendOptions = {}): Promise<IsolateBackend> {
  return new IsolateBackend(await loadIsolatedVm(options.loadPackage));
}

/** Starts programs as V8 isolates, and brings all of them to an end before the host process may exit. */
export class IsolateBackend {
  readonly #vm: IsolatedVm;
  readonly #cache = new CodeCache();
  readonly #running = new Set<IsolateProcess>();
  #catastrophes = 0;
  #closed = false;

  constructor(vm: IsolatedVm) {
    this.#vm = vm;
  }

  get running(): readonly IsolateProcess[] {
    return [...this.#running];
  }

  /** Isolates lost so far. Each keeps a thread and its heap; after a few the host process is better restarted. */
  get catastrophes(): number {
    return this.#catastrophes;
  }

  start(start: IsolateStart): IsolateProcess {
    if (this.#closed) throw new HostError('ISOLATES_CLOSED', start.filename);
    const process = new IsolateProcess(this.#vm, this.#cache, start);
    this.#running.add(process);
    void process.exited.then(({ kind }) => {
      this.#running.delete(process);
      if (kind === 'catastrophe') this.#catastrophes++;
    });
    return process;
  }

  /** Kills what runs and waits, at most two seconds, until it is safe to let the host process exit. */
  async shutdown(): Promise<Shutdown> {
    this.#closed = true;
    const ending = this.running;
    for (const process of ending) process.kill();
    const settled = await within(SHUTDOWN_PATIENCE_MS, Promise.all(ending.map((process) => process.exited)));
    await sleep(THREADS_END_MS);
    return { mustSigkill: !settled || this.#catastrophes > 0 };
  }
}

async function within(patienceMs: number, work: Promise<unknown>): Promise<boolean> {
  const late = new AbortController();
  const timeout = sleep(patienceMs, false, { signal: late.signal });
  const settled = await Promise.race([work.then(() => true), timeout]);
  late.abort();
  return settled;
}
