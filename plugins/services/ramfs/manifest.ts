import { daemon } from '../manifest.js';

/**
 * It is kept: when it dies, the next one has its files. Where even that fails they are gone, and nobody starts it again behind the back
 * of those who used them.
 */
export const manifest = daemon('ramfs', {
  provides: ['$1'],
  authority: ['memory'],
  memoryLimitMiB: 64,
  restart: 'never',
});
