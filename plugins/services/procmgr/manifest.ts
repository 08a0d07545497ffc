import { daemon } from '../manifest.js';

export const manifest = daemon('procmgr', {
  provides: ['proc', 'namespace'],
  authority: 'all',
  memoryLimitMiB: 32,
  restart: 'never',
});
