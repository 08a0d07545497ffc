import { program } from '../manifest.js';

export const manifest = program('init', { memoryLimitMiB: 32 });
