import { daemon } from '../manifest.js';

/** Its files are gone when it ends, so nobody starts it again behind the back of those who used them. */
export const manifest = daemon('ramfs', {
  provides: ['$1'],
  authority: ['memory'],
  memoryLimitMiB: 64,
  restart: 'never',
});
