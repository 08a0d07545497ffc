import { daemon } from '../manifest.js';

export const manifest = daemon('randd', { provides: ['rand'], authority: [] });
