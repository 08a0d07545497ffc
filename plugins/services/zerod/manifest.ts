import { daemon } from '../manifest.js';

export const manifest = daemon('zerod', { provides: ['zero'], authority: [] });
