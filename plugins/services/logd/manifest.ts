import { daemon } from '../manifest.js';

export const manifest = daemon('logd', { provides: ['log'], authority: ['debug'] });
