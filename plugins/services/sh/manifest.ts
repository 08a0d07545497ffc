import { program } from '../manifest.js';

export const manifest = program('sh', { memoryLimitMiB: 32 });
