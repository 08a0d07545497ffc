import { daemon } from '../manifest.js';

/** It signals process groups, so it sees the process manager through its own handle. */
export const manifest = daemon('ptyd', { provides: ['pty'], authority: [] });
