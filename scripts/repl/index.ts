export { attend } from './attend.js';
export { kernelView } from './kernel-view.js';
export type { SchemeServerNames } from './kernel-view.js';
export type { AttendOptions } from './attend.js';
export type { CommandResult, ContextRow, GuestConsole, KernelView, SchemeRow, Session } from './session.js';
