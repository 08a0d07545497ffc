import { createWatchdog } from '../../plugins/kernel/isolates/index.js';
import type { WatchdogOptions } from '../../plugins/kernel/isolates/index.js';

const PERIOD_MS = 100;

/** Looks at the isolates again and again, by the host's time. Answers how to stop it. */
export function startWatchdog(options: WatchdogOptions): () => void {
  const look = createWatchdog(options);
  const timer = setInterval(() => look(process.hrtime.bigint()), PERIOD_MS);
  timer.unref();
  return () => clearInterval(timer);
}
