import { daemon } from '../manifest.js';

export const manifest = daemon('nulld', { provides: ['null'], authority: [] });
