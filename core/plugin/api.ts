/** What a plugin file may import from 'halfcell': the running machine's own modules, not copies. */
export { HostError } from '../errors/host-error.js';
export { tapAsyncIn, tapIn, tapKeyIn } from '../hooks/untap.js';
export { Claims } from '../lifecycle/claims.js';
export { Scope } from '../lifecycle/scope.js';
export { definePlugin } from './plugin.js';
