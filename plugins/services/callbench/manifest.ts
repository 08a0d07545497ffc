import { program } from '../manifest.js';

export const manifest = program('callbench', { authority: ['file', 'memory', 'pipe', 'zero'] });
