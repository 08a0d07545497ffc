export { createIsolateBackend } from './isolate-backend.js';
export { startWatchdog } from './watchdog.js';
export type { IsolateBackend, IsolateBackendOptions, Shutdown } from './isolate-backend.js';
export type { IsolateExit, IsolateExitKind, IsolateProcess, IsolateStart } from './isolate-process.js';
export type { IsolateLoad, WatchdogOptions } from './watchdog.js';
