export { createIsolateBackend } from './isolate-backend.js';
export { createWatchdog } from './watchdog.js';
export type { IsolateBackend, IsolateBackendOptions, Shutdown } from './isolate-backend.js';
export type { IsolateExit, IsolateExitKind, IsolateProcess, IsolateStart } from './isolate-process.js';
export type { IsolateLoad, Watchdog, WatchdogOptions } from './watchdog.js';
